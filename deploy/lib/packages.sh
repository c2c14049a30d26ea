# shellcheck shell=bash
# Debian packages by name. Source it; LMSMAIL_ROOT is the checkout.

# need_packages KIND...: installs what deploy/packages lists for these kinds and is missing. Says so
# first. Stops with a message, before anything is changed, where there is no apt.
need_packages() {
  local kinds=" $* " kind package missing=()
  while read -r kind package; do
    [[ $kind == \#* || -z $package || $kinds != *" $kind "* ]] && continue
    dpkg_has "$package" || missing+=("$package")
  done <"$LMSMAIL_ROOT/deploy/packages"
  ((${#missing[@]})) || return 0

  if ! command -v apt-get >/dev/null; then
    printf 'This is not a Debian-like machine: nothing was changed.\nNeeded, by their Debian 12 names:\n'
    printf '  %s\n' "${missing[@]}"
    return 1
  fi
  local sudo=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || {
      printf 'Not root and no sudo. As root, run:\n  apt-get install %s\n' "${missing[*]}"
      return 1
    }
    sudo=(sudo)
  fi
  printf 'Installing %d Debian packages: %s\n' "${#missing[@]}" "${missing[*]}"
  local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
  "${apt[@]}" update >/dev/null || true
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null || {
    printf 'apt-get could not install them; its last words stand above.\n'
    return 1
  }
}

dpkg_has() {
  command -v dpkg-query >/dev/null &&
    [[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) == *'install ok installed' ]]
}
