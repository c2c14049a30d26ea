#!/usr/bin/env bash
# install_node_client.sh SOURCE DIR: puts the programs of the folder SOURCE and the npm packages that its
# lock file names into DIR. Fails with the reason if there is no npm or it cannot install. Several runs
# may be concurrent.
set -euo pipefail
here=$1
dir=$2

command -v npm >/dev/null || {
  printf 'npm is not installed: apt-get install npm\n'
  exit 1
}
mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
if ! cmp -s "$here/package-lock.json" "$dir/installed"; then
  cp "$here/package.json" "$here/package-lock.json" "$dir"
  log=$(npm ci --no-audit --no-fund --prefix "$dir" 2>&1) || {
    printf 'npm could not install the packages of %s: %s\n' "$here" "$log"
    exit 1
  }
  cp "$here/package-lock.json" "$dir/installed"
fi
cp "$here"/*.mjs "$dir"
