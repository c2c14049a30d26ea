"""The cluster's DNS: dnsmasq with the names of Services, which are read from the API."""

import signal
import threading
import time

import control_plane
from processes import start


def names(services, slices):
    """Lines of a hosts file."""
    headless = set()
    lines = ["127.0.0.1 localhost"]
    for service in services:
        name = f'{service["metadata"]["name"]}.{service["metadata"]["namespace"]}.svc.{control_plane.DOMAIN}'
        if service["spec"].get("clusterIP") == "None":
            headless.add(name)
        else:
            lines.append(f'{service["spec"]["clusterIP"]} {name}')
    for part in slices:
        meta = part["metadata"]
        name = f'{meta["labels"].get("kubernetes.io/service-name")}.{meta["namespace"]}.svc.{control_plane.DOMAIN}'
        if name in headless:
            lines += [f"{address} {name}" for endpoint in part["endpoints"] or []
                      if endpoint["conditions"].get("ready") for address in endpoint["addresses"]]
    return "\n".join(sorted(lines)) + "\n"


class ClusterDns(threading.Thread):
    """Keeps the file `hosts` up to date, which the driver's own lookups may read too."""

    def __init__(self, control):
        super().__init__(daemon=True)
        self.control = control
        self.hosts = control.folder / "hosts"

    def run(self):
        self.hosts.write_text("127.0.0.1 localhost\n")
        dnsmasq = start(self.control.folder / "log/dnsmasq.log", "dnsmasq", "--keep-in-foreground", "--no-resolv",
                        "--no-hosts", f"--addn-hosts={self.hosts}", f"--listen-address={control_plane.ADDRESS}",
                        "--bind-interfaces", f"--local=/{control_plane.DOMAIN}/", "--user=root", "--pid-file=")
        while True:
            try:
                current = names(self.control.items("services"),
                                self.control.items("endpointslices", "apis/discovery.k8s.io/v1"))
            except OSError:
                current = None  # the API server is busy
            if current and current != self.hosts.read_text():  # in place: the file may be mounted
                self.hosts.write_text(current)
                dnsmasq.send_signal(signal.SIGHUP)
            time.sleep(0.5)
