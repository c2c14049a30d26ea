"""Makes NetworkPolicies come true by iptables on each node.

It knows what the chart writes: selectors by matchLabels, blocks of addresses, and ports by number or
name. Anything else is an error, so that no policy is believed to hold that does not.
"""

import threading
import time

CHAIN = "POLICIES"


def selects(selector, labels):
    unknown = set(selector) - {"matchLabels"}
    if unknown:
        raise NotImplementedError(f"a selector by {unknown}")
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


class Rules:
    """The rules for one state of the cluster."""

    def __init__(self, pods, policies, namespaces):
        self.pods = [pod for pod in pods if pod["status"].get("podIP") and not pod["spec"].get("hostNetwork") and
                     pod["status"]["phase"] not in ("Succeeded", "Failed")]
        self.policies = policies
        self.namespaces = {item["metadata"]["name"]: item["metadata"].get("labels", {}) for item in namespaces}

    def text(self):
        """The input of iptables-restore."""
        chains, rules = [], [f"-A {CHAIN} -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN"]
        for number, pod in enumerate(self.pods):
            for direction, this, other in (("Ingress", "-d", "-s"), ("Egress", "-s", "-d")):
                policies = [policy for policy in self._policies_of(pod) if direction in policy["spec"]["policyTypes"]]
                if policies:
                    chain = f"{direction}-{number}"
                    chains.append(f":{chain} - [0:0]")
                    rules.append(f'-A {CHAIN} {this} {pod["status"]["podIP"]} -j {chain}')
                    for policy in policies:
                        rules += [f"-A {chain} {match} -j RETURN" for match in self._matches(policy, pod, direction, other)]
                    rules.append(f"-A {chain} -j REJECT")
        return "\n".join(["*filter", f":{CHAIN} - [0:0]", *chains, *rules, "COMMIT"]) + "\n"

    def _policies_of(self, pod):
        return [policy for policy in self.policies
                if policy["metadata"]["namespace"] == pod["metadata"]["namespace"] and
                selects(policy["spec"]["podSelector"], pod["metadata"].get("labels", {}))]

    def _matches(self, policy, pod, direction, other):
        for rule in policy["spec"].get(direction.lower()) or []:
            peers = rule.get("from" if direction == "Ingress" else "to")
            addresses = [""] if not peers else [f"{other} {address}" for peer in peers
                                                for address in self._addresses(policy, peer)]
            for port in rule.get("ports") or [{}]:
                if "endPort" in port:
                    raise NotImplementedError("a range of ports")
                for number in self._numbers(port.get("port"), [pod] if direction == "Ingress" else self.pods):
                    protocol = f'-p {port["protocol"].lower()} --dport {number}' if number else ""
                    yield from (f"{address} {protocol}" for address in addresses)

    def _addresses(self, policy, peer):
        if "ipBlock" in peer:
            if peer["ipBlock"].get("except"):
                raise NotImplementedError("exceptions of a block of addresses")
            if ":" not in peer["ipBlock"]["cidr"]:  # these pods have no IPv6
                yield peer["ipBlock"]["cidr"]
            return
        for pod in self.pods:
            namespace = pod["metadata"]["namespace"]
            if "namespaceSelector" in peer:
                in_namespace = selects(peer["namespaceSelector"], self.namespaces[namespace])
            else:
                in_namespace = namespace == policy["metadata"]["namespace"]
            if in_namespace and selects(peer.get("podSelector", {}), pod["metadata"].get("labels", {})):
                yield pod["status"]["podIP"]

    @staticmethod
    def _numbers(port, pods):
        if port is None or isinstance(port, int):
            return [port]
        return {named["containerPort"] for pod in pods for container in pod["spec"]["containers"]
                for named in container.get("ports", []) if named.get("name") == port}


class NetworkPolicies(threading.Thread):
    """Writes the rules of all nodes anew after each change. `error` has the reason if that failed."""

    def __init__(self, control, nodes):
        super().__init__(daemon=True)
        self.control = control
        self.nodes = nodes
        self.error = None
        for node in nodes:
            # Packets between two pods of a node cross a bridge, past iptables unless this is set.
            node.run("sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=1")
            node.run("iptables", "-N", CHAIN)
            node.run("iptables", "-I", "FORWARD", "-j", CHAIN)

    def run(self):
        written = None
        while True:
            try:
                rules = Rules(self.control.items("pods"),
                              self.control.items("networkpolicies", "apis/networking.k8s.io/v1"),
                              self.control.items("namespaces")).text()
                if rules != written:
                    for node in self.nodes:
                        node.run("iptables-restore", "--noflush", text=rules)
                    written = rules
            except OSError:
                pass  # the API server is busy
            except (NotImplementedError, RuntimeError) as error:
                self.error = error
            time.sleep(0.3)
