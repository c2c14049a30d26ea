# shellcheck shell=bash
# Functions to install Debian packages. To be sourced; LMSMAIL_ROOT is the checkout.

# need_packages KIND...: prints and installs the missing packages of these kinds in deploy/packages. Fails
# with a message, before it changes anything, if there is no apt.
need_packages() {
  local kinds=" $* " kind package missing=()
  while read -r kind package; do
    [[ $kind == \#* || -z $package || $kinds != *" $kind "* ]] && continue
    dpkg_has "$package" || missing+=("$package")
  done <"$LMSMAIL_ROOT/deploy/packages"
  ((${#missing[@]})) || return 0

  if ! command -v apt-get >/dev/null; then
    printf 'This machine has no apt; nothing was changed.\nThese packages are needed (Debian 12 names):\n'
    printf '  %s\n' "${missing[@]}"
    return 1
  fi
  local sudo=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || {
      printf 'Not root, and sudo is not installed. Run as root:\n  apt-get install %s\n' "${missing[*]}"
      return 1
    }
    sudo=(sudo)
  fi
  printf 'Installing %d Debian packages: %s\n' "${#missing[@]}" "${missing[*]}"
  local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
  "${apt[@]}" update >/dev/null || true
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null || {
    printf 'apt-get could not install the packages; see its output above.\n'
    return 1
  }
}

dpkg_has() {
  command -v dpkg-query >/dev/null &&
    [[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) == *'install ok installed' ]]
}
