"""Installs, upgrades, scales, drains, rolls back and removes a release on a real cluster, while mail flows."""

import base64
import json
import os
import pathlib
import signal
import sys
import time

from chart import CHART, ROOT, helm
from mail_flow import Account, Inbox, Lms

sys.path.insert(0, str(ROOT / "tests/helm/cluster"))
# pylint: disable=wrong-import-position
import control_plane
from cluster import Cluster
from processes import run, wait_until

RELEASE, NAMESPACE = "mail", "school"
NAME = f"{RELEASE}-lmsmail"
ADMIN = f"https://{NAME}-gateway-admin.{NAMESPACE}.svc.{control_plane.DOMAIN}:8081"
COMPONENTS = ("template", "preference", "dispatch", "scheduler", "report", "gateway")
DEPLOYMENTS = [f"deployment/{NAME}-{name}" for name in COMPONENTS if name != "dispatch"]
DISPATCH = f"statefulset/{NAME}-dispatch"

VALUES = {
    "image": {"repository": "docker.io/library/lmsmail"},
    **{name: {"replicas": 2} for name in COMPONENTS if name != "dispatch"},
    "dispatch": {"replicas": 2, "config": {
        "from": "mail@school.example",
        "transports": {"inbox": {"kind": "smtp", "host": control_plane.ADDRESS, "port": Inbox.PORT, "tls": "none"}}}},
    "networkPolicy": {
        "dns": [{"ipBlock": {"cidr": f"{control_plane.ADDRESS}/32"}}],
        "operators": [{"ipBlock": {"cidr": control_plane.NETWORK}}],
        "mail": {"ports": [Inbox.PORT], "to": [{"ipBlock": {"cidr": f"{control_plane.ADDRESS}/32"}}]}},
}


class Installation:
    """The release, and the table of what was done to it."""

    def __init__(self, cluster, inbox, folder):
        self.cluster = cluster
        self.inbox = inbox
        self.values = folder / "values.json"
        self.values.write_text(json.dumps(VALUES))
        self.lms = None
        self.rows = []

    def kubectl(self, *arguments, **options):
        return self.cluster.kubectl("-n", NAMESPACE, *arguments, **options)

    def helm(self, *arguments):
        return helm(*arguments, "-n", NAMESPACE, "--kubeconfig", self.cluster.control.kubeconfig("admin"))

    def upgrade(self, *arguments):
        """`helm upgrade` with more values."""
        self.helm("upgrade", RELEASE, CHART, "-f", CHART / "trial.yaml", "-f", self.values,
                  "--wait", "--timeout", "300s", *arguments)

    def rolled_out(self):
        """Waits until all pods are those of the release and ready."""
        for workload in [*DEPLOYMENTS, DISPATCH]:
            self.kubectl("rollout", "status", workload, "--timeout=300s")

    def step(self, name, action, doubles=0):
        """Does something and writes a row of the table."""
        started = time.monotonic()
        print(f"== {name}", flush=True)
        action()
        self._row(name, started, "", "", "", "")

    def under_load(self, name, action, max_doubles=0):
        """The same while mail flows. Nothing may be lost."""
        started = time.monotonic()
        print(f"== {name}", flush=True)
        account = Account(self.lms, self.inbox, f"step{len(self.rows)}")
        account.goes_on()
        action(account)
        account.goes_on()
        seconds = time.monotonic() - started
        lost, doubles = account.close()
        self._row(name, started, account.payments, account.errors.total(), lost, doubles, seconds)
        for error, count in account.errors.most_common(5):
            print(f"   {count} x {error[:300]}", flush=True)
        assert lost == 0, f"{name}: {lost} of {account.payments} receipts are missing"
        assert doubles <= max_doubles, f"{name}: {doubles} receipts arrived twice"

    def _row(self, name, started, *cells):
        *cells, seconds = cells if len(cells) == 5 else (*cells, time.monotonic() - started)
        self.rows.append((name, f"{seconds:.0f}", *map(str, cells)))
        print("   " + " | ".join(self.rows[-1][1:]), flush=True)

    def table(self):
        head = ("step", "s", "payments", "calls repeated", "lost", "twice")
        lines = [head, ("---", *["---:"] * 5), *self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)

    # The steps.

    def install(self):
        control = self.cluster.control
        control.kubectl("create", "namespace", NAMESPACE)
        control.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
        wait_until("service account", lambda: self.kubectl("get", "serviceaccount", "default"), 30)
        self.helm("install", RELEASE, CHART, "-f", CHART / "trial.yaml", "-f", self.values,
                  "--wait", "--timeout", "300s")
        self.rolled_out()

    def connect(self):
        """Becomes an LMS that may do everything."""
        token = self._secret(f"{NAME}-tokens", "operator")
        authorities = self._secret(f"{NAME}-gateway-tls", "ca.crt")
        self.lms = Lms(ADMIN, authorities, token)
        self.lms.register()

    def _secret(self, name, key):
        data = json.loads(self.kubectl("get", "secret", name, "-o", "json"))["data"]
        return base64.b64decode(data[key]).decode()

    def helm_test(self):
        output = self.helm("test", RELEASE, "--logs", "--timeout", "120s")
        assert "read back" in output, output

    def refuses_strangers(self):
        """A pod that the policies do not name reaches nothing."""
        pods = json.loads(self.kubectl("get", "pods", "-o", "json"))["items"]
        ports = [(pod["status"]["podIP"], port["containerPort"]) for pod in pods if pod["status"]["phase"] == "Running"
                 for container in pod["spec"]["containers"] for port in container.get("ports", [])
                 if port.get("name") not in ("http", "health")]
        public = [(pod["status"]["podIP"], 8080) for pod in pods if "-gateway-" in pod["metadata"]["name"]]
        probe = "for to in {}; do timeout 2 bash -c \"exec 3<>/dev/tcp/$to\" 2>/dev/null && echo open $to; done; true"
        command = ["bash", "-c", probe.format(" ".join(f"{address}/{port}" for address, port in ports + public))]
        self.kubectl("run", "stranger", "--image=docker.io/library/postgres:15", "--restart=Never",
                     f"--overrides={json.dumps(self._restricted_pod('stranger', command))}")
        done = "-o=jsonpath={.status.phase}"
        wait_until("probe", lambda: self.kubectl("get", "pod", "stranger", done) == "Succeeded", 180)
        reached = set(self.kubectl("logs", "stranger").split("\n")) - {""}
        assert reached == {f"open {address}/{port}" for address, port in public}, reached
        assert len(ports) > 20, ports

    @staticmethod
    def _restricted_pod(name, command):
        return {"spec": {
            "securityContext": {"runAsNonRoot": True, "runAsUser": 999, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": name, "image": "docker.io/library/postgres:15", "command": command,
                            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}}

    def replace_all(self, _):
        """A new configuration for every pod."""
        self.upgrade("--set", "logLevel=debug")
        self.rolled_out()

    def scale(self, *counts):
        def action(account):
            for count in counts:
                self.upgrade("--set", "logLevel=debug", "--set", f"dispatch.replicas={count}")
                wait_until(f"{count} pods of dispatch", lambda count=count: len(self._pods("dispatch")) == count, 120)
                self.rolled_out()
                account.goes_on()
        return action

    def _pods(self, component):
        selector = f"app.kubernetes.io/component={component}"
        return json.loads(self.kubectl("get", "pods", "-l", selector, "-o", "json"))["items"]

    def drain(self, account):
        """Empties each node in turn, as for an update of its kernel."""
        for node in self.cluster.nodes:
            self.cluster.kubectl("drain", node.name, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=300s")
            left = [pod["metadata"]["name"] for pod in json.loads(self.kubectl("get", "pods", "-o", "json"))["items"]
                    if pod["spec"].get("nodeName") == node.name and pod["status"]["phase"] == "Running"]
            assert not left, f"{left} stayed on {node.name}"
            account.goes_on(seconds=240)
            self.cluster.kubectl("uncordon", node.name)
            self.rolled_out()

    def kill(self, account):
        """Ends every container of the services at once, as the kernel does when memory is short."""
        for component in COMPONENTS:
            for process in run("pgrep", "-f", f"^/usr/bin/lmsmail-{component} ").split():
                os.kill(int(process), signal.SIGKILL)
            account.goes_on(seconds=240)
        self.rolled_out()

    def roll_back(self, _):
        self.helm("rollback", RELEASE, "1", "--wait", "--timeout", "300s")
        self.rolled_out()

    def to_zero(self, account):
        """Dispatch is away for a while: what is accepted meanwhile waits in the scheduler."""
        self.kubectl("scale", DISPATCH, "--replicas=0")
        wait_until("no pod of dispatch", lambda: not self._pods("dispatch"), 120)
        account.goes_on()
        self.kubectl("scale", DISPATCH, "--replicas=2")
        self.rolled_out()

    def reinstall(self):
        """Removes the release and installs it again: mail and keys are still there."""
        before = self.messages()
        self.helm("uninstall", RELEASE, "--wait", "--timeout", "120s")
        self.helm("install", RELEASE, CHART, "-f", CHART / "trial.yaml", "-f", self.values,
                  "--wait", "--timeout", "300s")
        self.rolled_out()
        self.connect()
        assert self.messages() == before, "the mail from before is not there"

    def messages(self):
        answer = self.lms.call("dispatch.v1.DispatchService/ListMessages", {"pageSize": 10})
        return [message["name"] for message in answer["messages"]]


def show_trouble(installation):
    """Prints what an engineer would look at first."""
    for arguments in (["get", "pods", "-o", "wide"], ["get", "events", "--field-selector=type=Warning"]):
        print(installation.kubectl(*arguments, check=False)[-4000:])
    for component in (*COMPONENTS, "migrate"):
        print(f"--- {component}")
        print(installation.kubectl("logs", "-l", f"app.kubernetes.io/component={component}", "--all-containers",
                                   "--prefix", "--tail=6", check=False)[-3000:])
    print("network policies:", installation.cluster.policies.error or "in force")


def main():
    folder = pathlib.Path(sys.argv[1])
    kubernetes, *images = map(pathlib.Path, sys.argv[2:])
    started = time.monotonic()
    cluster = Cluster(folder, kubernetes)
    cluster.start(images)
    inbox = Inbox(folder / "inbox", control_plane.ADDRESS)
    installation = Installation(cluster, inbox, folder)
    print(f"== A cluster of {len(cluster.nodes)} nodes, after {time.monotonic() - started:.0f} s", flush=True)
    try:
        installation.step("install", installation.install)
        installation.step("`helm test`", installation.helm_test)
        installation.step("a pod that no policy names reaches the public port only", installation.refuses_strangers)
        installation.connect()
        installation.under_load("`helm upgrade`: every pod is replaced", installation.replace_all)
        installation.under_load("dispatch from 2 pods to 1, 3 and 1", installation.scale(1, 3, 1))
        installation.under_load("`kubectl drain` of each of two nodes, PostgreSQL included", installation.drain)
        installation.under_load("SIGKILL of every container, component by component", installation.kill, max_doubles=16)
        installation.under_load("`helm rollback`", installation.roll_back)
        installation.under_load("dispatch to no pod and back", installation.to_zero)
        installation.step("`helm uninstall` and `helm install`", installation.reinstall)
        installation.step("`helm test` again", installation.helm_test)
        assert cluster.policies.error is None, cluster.policies.error
    except BaseException:
        show_trouble(installation)
        raise
    finally:
        print(installation.table(), flush=True)


if __name__ == "__main__":
    main()
