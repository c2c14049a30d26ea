#!/usr/bin/env bash
# find_grpcurl.sh DIR: prints the path of grpcurl. Searches PATH, the folders that go installs to, and
# DIR. If there is none, installs it into DIR with go. If that fails, prints the reason and fails.
set -euo pipefail
dir=$1
version=v1.9.3
timeout=100 # seconds; fetching and compiling it takes half of that on two cores

command -v grpcurl && exit
for bin in "${GOBIN:-}" "${GOPATH:-$HOME/go}/bin" "$dir"; do
  if [[ -n $bin && -x $bin/grpcurl ]]; then
    printf '%s\n' "$bin/grpcurl"
    exit
  fi
done

PATH=$PATH:/usr/local/go/bin
if ! command -v go >/dev/null; then
  printf 'grpcurl is not installed, and there is no go to install it with\n'
  exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! GOBIN=$dir timeout "$timeout" \
  go install "github.com/fullstorydev/grpcurl/cmd/grpcurl@$version" >"$log" 2>&1; then
  printf 'grpcurl is not installed, and go could not install it within %s s: %s\n' "$timeout" \
    "$(tail -n 1 "$log")"
  exit 1
fi
printf '%s\n' "$dir/grpcurl"
