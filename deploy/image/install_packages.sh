#!/usr/bin/env bash
# Installs the packages to build the programs and the image. Runs in the image's first stage.
set -euo pipefail
LMSMAIL_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=deploy/lib/packages.sh
source "$LMSMAIL_ROOT/deploy/lib/packages.sh"
need_packages build image
