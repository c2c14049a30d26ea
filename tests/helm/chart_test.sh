#!/usr/bin/env bash
# chart_test.sh TOOLS PROGRAMS render      renders the chart with each of its values files, and checks the
#                                        result with Kubernetes' schemas, rules and the programs
# chart_test.sh TOOLS PROGRAMS rehearse    runs what trial.yaml installs as processes of this machine
#
# PROGRAMS is where the programs are. Exits with 77 (skipped), and says why, if the tools cannot be
# installed into TOOLS.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if ! reason=$("$here/install_tools.sh" "$1"); then
  printf 'SKIPPED: the chart was NOT tested, because helm and the schemas of Kubernetes are missing:\n%s\n' "$reason"
  exit 77
fi
export LMSMAIL_TOOLS=$1 LMSMAIL_PROGRAMS=$2
cd "$here"
case $3 in
  render) exec "$1/venv/bin/python" -m unittest --buffer chart_tests ;;
  rehearse) exec "$1/venv/bin/python" rehearsal_tests.py ;;
esac
