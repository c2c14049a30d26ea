#!/usr/bin/env bash
# build_images.sh DIR: makes the images that pods of the chart need beside our own, as DIR/NAME.tar.
#
# The image of PostgreSQL is pulled. Where no registry can be reached, Debian's packages make one that
# takes the same variables and scripts.
set -euo pipefail
dir=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
postgresql=docker.io/library/postgres:15
storage=(--root "$dir/root" --runroot "$dir/runroot")

stamp=$(sha256sum "$here"/build_images.sh "$here"/postgresql_entrypoint.sh | sha256sum)
[[ -f $dir/installed && $(<"$dir/installed") == "$stamp" ]] && exit
mkdir -p "$dir"
trap 'rm -rf "$dir/root" "$dir/runroot" "$dir/files.tar"' EXIT

save() { # CONTAINER NAME FILE
  buildah "${storage[@]}" commit -q --rm "$1" "$2" >/dev/null
  rm -f "$dir/$3.tar"
  buildah "${storage[@]}" push -q "$2" "docker-archive:$dir/$3.tar:$2" >/dev/null
}

if buildah "${storage[@]}" pull -q "$postgresql" >/dev/null 2>&1; then
  container=$(buildah "${storage[@]}" from --pull-never "$postgresql")
else
  # The chart runs it by the number of the user in the published image.
  # shellcheck disable=SC2016  # mmdebstrap expands it
  mmdebstrap --quiet --mode=root --variant=minbase --include=postgresql-15 \
    --essential-hook='echo postgres:x:999:999::/var/lib/postgresql:/bin/sh >>"$1/etc/passwd"' \
    --essential-hook='echo postgres:x:999: >>"$1/etc/group"' \
    --dpkgopt='path-exclude=/usr/share/*/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --customize-hook='rm -rf "$1"/var/lib/apt/lists/*' \
    bookworm "$dir/files.tar"
  container=$(buildah "${storage[@]}" from scratch)
  buildah "${storage[@]}" add -q "$container" "$dir/files.tar" / >/dev/null
  buildah "${storage[@]}" copy -q --chmod 755 "$container" "$here/postgresql_entrypoint.sh" /usr/local/bin/entrypoint.sh >/dev/null
  buildah "${storage[@]}" config --user 999:999 --env PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin \
    --entrypoint '["/usr/local/bin/entrypoint.sh"]' --cmd '' "$container"
fi
save "$container" "$postgresql" postgresql

# The first process of each pod, which only keeps its namespaces.
container=$(buildah "${storage[@]}" from scratch)
buildah "${storage[@]}" copy -q "$container" /usr/bin/catatonit /pause >/dev/null
buildah "${storage[@]}" config --entrypoint '["/pause", "-P"]' "$container"
save "$container" localhost/pause:1 pause
printf '%s' "$stamp" >"$dir/installed"
