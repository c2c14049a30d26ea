#!/usr/bin/env bash
# find_grpcurl.sh DIR: prints where grpcurl is. Looks in PATH, where go installs, and in DIR, and
# installs it into DIR if there is none and go can. Otherwise prints why not and fails.
set -euo pipefail
dir=$1
version=v1.9.3
patience=100 # seconds; fetching and compiling it takes half of that on two cores

command -v grpcurl && exit
for bin in "${GOBIN:-}" "${GOPATH:-$HOME/go}/bin" "$dir"; do
  if [[ -n $bin && -x $bin/grpcurl ]]; then
    printf '%s\n' "$bin/grpcurl"
    exit
  fi
done

PATH=$PATH:/usr/local/go/bin
if ! command -v go >/dev/null; then
  printf 'there is no grpcurl, and no go to install it with\n'
  exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! GOBIN=$dir timeout "$patience" \
  go install "github.com/fullstorydev/grpcurl/cmd/grpcurl@$version" >"$log" 2>&1; then
  printf 'there is no grpcurl, and go could not install it within %s s: %s\n' "$patience" \
    "$(tail -n 1 "$log")"
  exit 1
fi
printf '%s\n' "$dir/grpcurl"
