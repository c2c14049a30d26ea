#!/usr/bin/env bash
# find_playwright.sh DIR: prints a copy of this folder in DIR that has Playwright, which npm installs
# on first use. If that fails, prints the reason and fails.
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$1

if ! command -v npm >/dev/null; then
  printf 'npm is not installed\n'
  exit 1
fi
if ! [[ -x /usr/bin/chromium ]]; then
  printf 'Chromium is not installed\n'
  exit 1
fi
mkdir -p "$dir"
if ! cmp -s "$source/package-lock.json" "$dir/installed-lock.json"; then
  cp "$source/package.json" "$source/package-lock.json" "$dir"
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  if ! timeout 100 npm ci --prefix "$dir" --no-audit --no-fund >"$log" 2>&1; then
    printf 'npm could not install Playwright: %s\n' "$(tail -n 1 "$log")"
    exit 1
  fi
  cp "$source/package-lock.json" "$dir/installed-lock.json"
fi
cp "$source"/*.mjs "$dir"
printf '%s\n' "$dir"
