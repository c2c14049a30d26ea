#!/usr/bin/env bash
# compile.sh DIR COMMIT: compiles the programs of the image and puts them into DIR without debug information,
# but with the names of functions. Runs in the image's second stage.
set -euo pipefail
LMSMAIL_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=deploy/lib/build.sh
source "$LMSMAIL_ROOT/deploy/lib/build.sh"
programs=(lmsmail-{template,preference,dispatch,scheduler,report,gateway,bounce,demo,smoke})
(cd "$LMSMAIL_ROOT" && cmake --preset "$LMSMAIL_PRESET" -DLMSMAIL_COMMIT="$2")
build "${programs[@]}"
cd "$LMSMAIL_ROOT/build/$LMSMAIL_PRESET/bin"
install -D --target-directory="$1" "${programs[@]}"
strip --strip-debug "$1"/*
