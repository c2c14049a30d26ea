"""The network policies allow what the design has, and nothing else."""

import unittest

from chart import find, kinds, objects

# Who calls whom within the release, from services/README.md.
CALLS = {
    ("scheduler", "dispatch"), ("scheduler", "report"), ("report", "dispatch"),
    ("dispatch", "template"), ("dispatch", "preference"), ("scheduler", "preference"), ("report", "preference"),
    ("gateway", "template"), ("gateway", "preference"), ("gateway", "dispatch"), ("gateway", "scheduler"),
    ("gateway", "report"),
}
SMOKE = {("smoke", "template"), ("smoke", "dispatch")}
DATABASE = {(name, "postgresql") for name in ("template", "preference", "dispatch", "scheduler", "report", "migrate")}


def component(peer):
    return peer.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/component")


def arrows(items, direction, key):
    """Pairs (from, to) of components that the policies allow in one direction."""
    found = set()
    for policy in kinds(items, "NetworkPolicy"):
        own = policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for rule in policy["spec"].get(direction, []):
            for peer in rule.get(key, []):
                if component(peer):
                    found.add((component(peer), own) if direction == "ingress" else (own, component(peer)))
    return found


class NetworkTest(unittest.TestCase):
    def test_arrows(self):
        for installation, expected in {"trial": CALLS | SMOKE | DATABASE, "cert-manager": CALLS,
                                       "secrets, policies": CALLS | SMOKE}.items():
            with self.subTest(installation):
                items = objects(installation)
                self.assertEqual(arrows(items, "ingress", "from"), expected)
                self.assertEqual(arrows(items, "egress", "to"), expected)

    def test_both_directions_are_closed_otherwise(self):
        for policy in kinds(objects("trial"), "NetworkPolicy"):
            self.assertEqual(policy["spec"]["policyTypes"], ["Ingress", "Egress"])

    def test_every_pod_has_a_policy(self):
        items = objects("trial")
        covered = {policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
                   for policy in kinds(items, "NetworkPolicy")}
        self.assertEqual(covered, {"template", "preference", "dispatch", "scheduler", "report", "gateway", "migrate",
                                   "smoke", "postgresql"})

    def test_nobody_outside_calls_unless_the_values_say_so(self):
        for policy in kinds(objects("trial"), "NetworkPolicy"):
            for rule in policy["spec"].get("ingress", []):
                if rule["ports"] != [{"port": "http"}]:  # the public port of the gateway
                    self.assertTrue(all(component(peer) for peer in rule["from"]), policy["metadata"]["name"])

    def test_who_calls_from_outside(self):
        items = objects("cert-manager")

        def namespaces(name, port):
            rules = find(items, "NetworkPolicy", name)["spec"]["ingress"]
            return {peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
                    for rule in rules if rule["ports"] == [{"port": port}]
                    for peer in rule["from"] if "namespaceSelector" in peer}

        self.assertEqual(namespaces("scheduler", "grpc"), {"lms"})
        self.assertEqual(namespaces("gateway", "http"), {"ingress-nginx"})
        self.assertEqual(namespaces("gateway", "admin"), {"operations"})
        self.assertEqual(namespaces("report", "metrics"), {"monitoring"})

    def test_only_dispatch_reaches_the_internet(self):
        for installation in ("trial", "cert-manager"):
            open_ports = {}
            for policy in kinds(objects(installation), "NetworkPolicy"):
                for rule in policy["spec"]["egress"] if "egress" in policy["spec"] else []:
                    if any(peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0" for peer in rule.get("to", [{}])):
                        open_ports[policy["metadata"]["name"]] = [port["port"] for port in rule["ports"]]
            self.assertEqual(open_ports, {"mail-lmsmail-dispatch": [25, 465, 587, 443]})

    def test_the_database_is_where_the_values_say(self):
        for name in ("dispatch", "migrate"):
            rules = find(objects("cert-manager"), "NetworkPolicy", name)["spec"]["egress"]
            self.assertIn({"ports": [{"port": 5432}], "to": [{"ipBlock": {"cidr": "10.1.2.0/24"}}]}, rules)

    def test_the_collector_of_traces(self):
        for endpoint, port in {"http://collector.monitoring:4318": 4318, "https://traces.example": 443}.items():
            rules = find(objects("trial", "--set", "traces.endpoint=" + endpoint), "NetworkPolicy", "report")
            self.assertIn({"ports": [{"port": port}]}, rules["spec"]["egress"])

    def test_public_names(self):
        ingress = find(objects("cert-manager"), "Ingress", "gateway")["spec"]
        self.assertEqual(ingress["rules"][0]["host"], "mail.school.example")
        self.assertEqual(ingress["rules"][0]["http"]["paths"][0]["backend"]["service"],
                         {"name": "mail-lmsmail-gateway", "port": {"name": "http"}})
        route = find(objects("secrets"), "HTTPRoute", "gateway")["spec"]
        self.assertEqual(route["hostnames"], ["mail.school.example"])
        self.assertEqual(route["rules"][0]["backendRefs"], [{"name": "mail-lmsmail-gateway", "port": 8080}])
