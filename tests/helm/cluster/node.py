"""A node: containerd, the kubelet and kube-proxy in mount and network namespaces of their own."""

import json
import pathlib

import control_plane
from processes import run, start, wait_until

# What the kubelet wants of the kernel. It would write these for the whole machine, so it gets private
# files with the values.
KERNEL = {"vm/overcommit_memory": 1, "vm/panic_on_oom": 0, "kernel/panic": 10, "kernel/panic_on_oops": 1,
          "kernel/keys/root_maxkeys": 1000000, "kernel/keys/root_maxbytes": 25000000}

# Runs in the new namespaces: $1 is the node's folder, $2 its name.
# cAdvisor reads the network of /sys, so that is mounted anew, with the machine's cgroups on it again.
NAMESPACES = """
umount /sys/fs/cgroup/unified 2>/dev/null
set -eu
mount --rbind /sys/fs/cgroup "$1/cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$1/cgroup" /sys/fs/cgroup
umount -l "$1/cgroup"
mount -t tmpfs tmpfs /run
mkdir /run/lock /run/netns
mount --bind "$1/lib" /var/lib
mount --bind "$1/log" /var/log
hostname "$2"
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
touch "$1/ready"
exec sleep infinity
"""

CONTAINERD = """
version = 2
root = "{folder}/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  # A container may not have the right to lower the score of its processes.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
"""


class Node:
    """The node `number`, 1 or more."""

    def __init__(self, control, number):
        self.control = control
        self.number = number
        self.name = f"node{number}"
        self.address = f"10.200.0.{10 + number}"
        self.pods = f"10.244.{number}.0/24"
        self.cgroup = f"lmsmail-test-{self.name}"
        self.folder = control.folder / self.name
        self._process = None

    def run(self, *command, **options):
        """Runs a command in the node's namespaces."""
        return run(*self._enter(), *command, **options)

    def start(self, images):
        """Starts the node with these archives of images."""
        self._make_namespaces()
        self._connect()
        self._write_files()
        for entry, value in KERNEL.items():
            file = self.folder / entry.replace("/", "-")
            file.write_text(f"{value}\n")
            self.run("mount", "--bind", file, f"/proc/sys/{entry}")
        self._start("containerd", "containerd", "--config", self.folder / "containerd.toml")
        ctr = ["ctr", "--address", "/run/containerd.sock"]
        wait_until("containerd", lambda: self.run(*ctr, "version"), 30)
        for image in images:
            self.run(*ctr, "--namespace", "k8s.io", "images", "import", image)
        programs = self.control.programs
        user = self.control.kubeconfig(f"system:node:{self.name}")
        self._start("kubelet", programs / "kubelet", f"--config={self.folder}/kubelet.json", f"--kubeconfig={user}",
                    "--root-dir=/var/lib/kubelet", "--cert-dir=/var/lib/kubelet/pki",
                    f"--hostname-override={self.name}", f"--node-ip={self.address}")
        self._start("kube-proxy", programs / "kube-proxy", f"--config={self.folder}/kube-proxy.json")

    def route_to(self, other):
        """Leads to the pods of another node."""
        self.run("ip", "route", "add", other.pods, "via", other.address)

    def _enter(self):
        return ["nsenter", "--target", self._process.pid, "--mount", "--net", "--uts", "--wd=/", "--"]

    def _start(self, name, *command):
        start(self.folder / f"{name}.log", *self._enter(), *command)

    def _make_namespaces(self):
        for name in ("cgroup", "lib/kubelet", "lib/cni", "log", "cni"):
            (self.folder / name).mkdir(parents=True)
        for hierarchy in pathlib.Path("/sys/fs/cgroup").iterdir():
            if hierarchy.is_dir() and not hierarchy.is_symlink() and hierarchy.name != "unified":
                (hierarchy / self.cgroup).mkdir(exist_ok=True)
        # A new group has no processors and no memory until it is given its parent's.
        cpuset = pathlib.Path("/sys/fs/cgroup/cpuset")
        for entry in ("cpuset.cpus", "cpuset.mems"):
            if (cpuset / entry).exists():
                (cpuset / self.cgroup / entry).write_text((cpuset / entry).read_text())
        self._process = start(self.folder / "namespaces.log", "unshare", "--mount", "--net", "--uts", "bash", "-c",
                              NAMESPACES, "bash", self.folder, self.name)
        wait_until(self.name, (self.folder / "ready").exists, 10)

    def _connect(self):
        outside = f"to-{self.name}"
        run("ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", self._process.pid)
        run("ip", "link", "set", outside, "master", "nodes", "up")
        self.run("ip", "address", "add", f"{self.address}/24", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")
        self.run("ip", "route", "add", "default", "via", control_plane.ADDRESS)
        run("ip", "route", "add", self.pods, "via", self.address)

    def _write_files(self):
        (self.folder / "cni/pods.conflist").write_text(json.dumps({
            "cniVersion": "1.0.0", "name": "pods", "plugins": [{
                "type": "bridge", "bridge": "pods", "isGateway": True, "hairpinMode": True,
                "ipam": {"type": "host-local", "ranges": [[{"subnet": self.pods}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}))
        (self.folder / "containerd.toml").write_text(CONTAINERD.format(folder=self.folder))
        (self.folder / "resolv.conf").write_text("")
        (self.folder / "kubelet.json").write_text(json.dumps({
            "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
            "failCgroupV1": False, "cgroupDriver": "cgroupfs", "cgroupRoot": f"/{self.cgroup}", "failSwapOn": False,
            "oomScoreAdj": 0, "containerRuntimeEndpoint": "unix:///run/containerd.sock",
            "podLogsDir": str(self.folder / "pods"), "resolvConf": str(self.folder / "resolv.conf"),
            "clusterDNS": [control_plane.ADDRESS], "clusterDomain": control_plane.DOMAIN,
            "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True},
                               "x509": {"clientCAFile": str(self.control.pki / "ca.crt")}},
            "authorization": {"mode": "Webhook"}, "imageGCHighThresholdPercent": 100,
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"}}))
        (self.folder / "kube-proxy.json").write_text(json.dumps({
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "iptables",
            "clientConnection": {"kubeconfig": str(self.control.kubeconfig("system:kube-proxy"))},
            "clusterCIDR": control_plane.PODS, "hostnameOverride": self.name,
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}}))
