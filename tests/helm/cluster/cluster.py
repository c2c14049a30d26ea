"""A Kubernetes cluster of two nodes on this machine, which nothing outside of it notices.

Must run in mount, network, PID, IPC and UTS namespaces of its own: tests/helm/run makes them. Real are
etcd, the API server, the controllers, the scheduler, the kubelets, kube-proxy, containerd, runc, DNS and
NetworkPolicies. Missing are load balancers, ingress controllers, and volumes that are made on demand.
"""

import json

import control_plane
from cluster_dns import ClusterDns
from network_policies import NetworkPolicies
from node import Node
from processes import run, wait_until

VOLUMES = 12


class Cluster:
    def __init__(self, folder, programs, nodes=2):
        self.control = control_plane.ControlPlane(folder, programs, [f"node{number + 1}" for number in range(nodes)])
        self.nodes = [Node(self.control, number + 1) for number in range(nodes)]
        self.dns = ClusterDns(self.control)
        self.policies = None
        self.kubectl = self.control.kubectl

    def start(self, images):
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "nodes", "type", "bridge")
        run("ip", "address", "add", f"{control_plane.ADDRESS}/24", "dev", "nodes")
        run("ip", "link", "set", "nodes", "up")
        run("ip", "route", "add", "default", "dev", "nodes")  # the API server wants one
        run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.control.start()
        self.dns.start()
        for node in self.nodes:
            node.start(images)
        for node in self.nodes:
            for other in self.nodes:
                if other is not node:
                    node.route_to(other)
        # From here Services are reached through the first node.
        run("ip", "route", "add", control_plane.SERVICES, "via", self.nodes[0].address)
        run("mount", "--bind", self.dns.hosts, "/etc/hosts")
        wait_until("node", lambda: self.kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=1s"), 90)
        self.policies = NetworkPolicies(self.control, self.nodes)
        self.policies.start()
        self._make_volumes()

    def _make_volumes(self):
        """Makes volumes that every node reaches, as those of a network are."""
        names = [node.name for node in self.nodes]
        objects = [{"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {
            "name": "shared", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer"}]
        for number in range(VOLUMES):
            path = self.control.folder / f"volumes/{number}"
            path.mkdir(parents=True)
            objects.append({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"shared-{number}"}, "spec": {
                "capacity": {"storage": "4Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "shared",
                "local": {"path": str(path)}, "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                    {"key": "kubernetes.io/hostname", "operator": "In", "values": names}]}]}}}})
        self.kubectl("apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
