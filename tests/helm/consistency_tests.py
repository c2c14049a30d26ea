"""The objects fit each other, and the documents fit the chart."""

import hashlib
import re
import subprocess
import sys
import unittest

import yaml

from chart import CHART, INSTALLATIONS, ROOT, find, kinds, objects, pods

SERVICES = ("template", "preference", "dispatch", "scheduler", "report", "gateway")


def selects(selector, item):
    labels = item["metadata"]["labels"] if item["kind"] == "Pod" else item["spec"]["template"]["metadata"]["labels"]
    return selector.items() <= labels.items()


class ConsistencyTest(unittest.TestCase):
    def test_selectors_select_their_own_pods_only(self):
        for name in INSTALLATIONS:
            items = objects(name)
            with self.subTest(name):
                templates = [item for item, _ in pods(items)]
                for item in kinds(items, "Service") + kinds(items, "PodDisruptionBudget"):
                    selector = item["spec"]["selector"]
                    selected = [found for found in templates if selects(selector.get("matchLabels", selector), found)]
                    self.assertEqual(len(selected), 1, item["metadata"]["name"])

    def test_services_lead_to_ports_of_pods(self):
        for name in INSTALLATIONS:
            items = objects(name)
            with self.subTest(name):
                for service in kinds(items, "Service"):
                    pod = next(pod for item, pod in pods(items) if selects(service["spec"]["selector"], item))
                    ports = {port["name"]: port["containerPort"] for port in pod["containers"][0]["ports"]}
                    for port in service["spec"]["ports"]:
                        self.assertEqual(ports[port["targetPort"]], port["port"])

    def test_clients_see_every_pod(self):
        for name in INSTALLATIONS:
            items = objects(name)
            with self.subTest(name):
                for service in SERVICES:
                    expected = None if service == "gateway" else "None"
                    self.assertEqual(find(items, "Service", service)["spec"].get("clusterIP"), expected)

    def test_configmaps_and_made_secrets_exist(self):
        for name in INSTALLATIONS:
            items = objects(name)
            with self.subTest(name):
                maps = {item["metadata"]["name"] for item in kinds(items, "ConfigMap")}
                for _, pod in pods(items):
                    for volume in pod["volumes"]:
                        if "configMap" in volume:
                            self.assertIn(volume["configMap"]["name"], maps)
        for installation in ("trial", "trial, all"):
            items = objects(installation)
            secrets = {item["metadata"]["name"]: item for item in kinds(items, "Secret")}
            for _, pod in pods(items):
                for volume in pod["volumes"]:
                    for source in volume.get("projected", {}).get("sources") or [volume]:
                        if "secret" not in source:
                            continue
                        name = source["secret"].get("secretName") or source["secret"]["name"]
                        entries = {**secrets[name].get("data", {}), **secrets[name].get("stringData", {})}
                        for entry in source["secret"].get("items", []):
                            self.assertIn(entry["key"], entries, name)

    def test_headless_services_of_stateful_sets_exist(self):
        for name in INSTALLATIONS:
            items = objects(name)
            with self.subTest(name):
                for item in kinds(items, "StatefulSet"):
                    self.assertTrue(find(items, "Service", item["spec"]["serviceName"].rsplit("-", 1)[1]))

    def test_a_changed_configuration_replaces_its_pods_only(self):
        before = objects("cert-manager")
        after = objects("cert-manager", "--set", "report.config.rpc.threads=9")
        changed = [new["metadata"]["name"] for old, new in zip(before, after) if old != new]
        self.assertEqual(changed, ["mail-lmsmail-report", "mail-lmsmail-report"])

    def test_selectors_stay_across_releases(self):
        selector = find(objects("cert-manager"), "StatefulSet", "dispatch")["spec"]["selector"]
        self.assertEqual(selector["matchLabels"], {
            "app.kubernetes.io/name": "lmsmail", "app.kubernetes.io/instance": "mail",
            "app.kubernetes.io/component": "dispatch"})


class IdentityTest(unittest.TestCase):
    def callers(self, installation):
        secret = find(objects(installation), "Secret", "callers")
        return yaml.safe_load(secret["stringData"]["callers.yaml"])["callers"]

    def test_each_service_has_its_own_role(self):
        for installation in ("trial", "cert-manager"):
            callers = self.callers(installation)
            for name in SERVICES:
                self.assertEqual(callers[name]["roles"], [name])

    def test_identities_are_in_the_certificates(self):
        callers = self.callers("cert-manager")
        for name in SERVICES:
            certificate = find(objects("cert-manager"), "Certificate", name)["spec"]
            self.assertEqual(callers[name]["certificate"], certificate["uris"])
            self.assertIn(f"mail-lmsmail-{name}.school.svc.cluster.local", certificate["dnsNames"])
        callers = self.callers("trial")
        for name in SERVICES:
            self.assertEqual(callers[name]["certificate"], [f"mail-lmsmail-{name}.school.svc.cluster.local"])

    def test_others_are_as_the_values_say(self):
        lms = self.callers("cert-manager")["lms"]
        self.assertEqual(lms["roles"], ["sender"])
        self.assertEqual(len(lms["token_sha256"]), 1)
        self.assertNotIn("operator", self.callers("cert-manager"))

    def test_a_trial_has_tokens(self):
        tokens = find(objects("trial"), "Secret", "tokens")["stringData"]
        callers = self.callers("trial")
        for name, role in {"operator": "admin", "monitor": "viewer"}.items():
            self.assertGreaterEqual(len(tokens[name]), 40)
            self.assertEqual(callers[name], {
                "roles": [role], "token_sha256": [hashlib.sha256(tokens[name].encode()).hexdigest()]})

    def test_an_existing_secret_is_left_alone(self):
        self.assertEqual(kinds(objects("secrets"), "Secret"), [])


class MonitoringTest(unittest.TestCase):
    def test_metrics_are_read_with_tls_and_a_token(self):
        for installation, secret in {"cert-manager": "prometheus-token", "trial, all": "mail-lmsmail-tokens"}.items():
            items = objects(installation)
            self.assertEqual(len(kinds(items, "ServiceMonitor")), len(SERVICES))
            for monitor in kinds(items, "ServiceMonitor"):
                endpoint, = monitor["spec"]["endpoints"]
                self.assertEqual(endpoint["scheme"], "https")
                self.assertEqual(endpoint["authorization"]["credentials"]["name"], secret)
                # Exactly one service has this port and these labels.
                labels = monitor["spec"]["selector"]["matchLabels"]
                services = [item for item in kinds(items, "Service")
                            if labels.items() <= item["metadata"]["labels"].items()]
                self.assertEqual(len(services), 1)
                self.assertIn(endpoint["port"], [port["name"] for port in services[0]["spec"]["ports"]])

    def test_every_rule_and_dashboard_is_there(self):
        items = objects("cert-manager")
        self.assertEqual(len(kinds(items, "PrometheusRule")), len(list((CHART / "files/rules").glob("*.yaml"))))
        dashboards = [item for item in kinds(items, "ConfigMap") if "grafana_dashboard" in item["metadata"]["labels"]]
        self.assertEqual(len(dashboards), len(list((CHART / "files/dashboards").glob("*.json"))))
        for rule in kinds(items, "PrometheusRule"):
            self.assertTrue(rule["spec"]["groups"])

    def test_nothing_of_this_without_the_switches(self):
        self.assertEqual([item["kind"] for item in objects("secrets")
                          if item["kind"] in ("ServiceMonitor", "PrometheusRule")], [])


class DocumentTest(unittest.TestCase):
    def test_the_table_of_values_is_up_to_date(self):
        done = subprocess.run([sys.executable, ROOT / "helm/values_table.py", "--check"], text=True,
                              stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_there_is_one_version(self):
        version = re.search(r"project\(lmsmail VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        self.assertEqual((chart["version"], chart["appVersion"]), (version, version))
        dockerfile = (ROOT / "deploy/Dockerfile").read_text()
        self.assertEqual(set(re.findall(r"^ARG VERSION=(.*)", dockerfile, re.M)), {version})

    def test_the_notes_name_objects_that_exist(self):
        notes = (CHART / "templates/NOTES.txt").read_text()
        services = {item["metadata"]["name"] for item in kinds(objects("trial"), "Service")}
        for name in re.findall(r"svc/\{\{ \$fullname \}\}-([a-z-]+)", notes):
            self.assertIn("mail-lmsmail-" + name, services)
