"""Every object by itself: its schema, its security, its resources and probes."""

import pathlib
import subprocess
import tempfile
import unittest

from chart import (CHART, INSTALLATIONS, KUBERNETES, LONG_NAME, TOOLS, find, helm, kinds, objects, pods,
                   render)

# Kinds of other projects, of which Kubernetes has no schema.
FOREIGN_KINDS = {"Certificate", "HTTPRoute", "Issuer", "PrometheusRule", "ServiceMonitor"}
LONG_RUNNING = {"Deployment", "StatefulSet"}


def each_installation():
    for name in INSTALLATIONS:
        yield name, objects(name)


def each_container():
    """A label, the object, the spec of its pods and a container of it, for all installations."""
    for name, items in each_installation():
        for item, pod in pods(items):
            for container in pod["containers"] + pod.get("initContainers", []):
                yield f'{name}: {item["kind"]} {item["metadata"]["name"]}', item, pod, container


class SchemaTest(unittest.TestCase):
    def test_lint(self):
        for name, arguments in INSTALLATIONS.items():
            with self.subTest(name):
                helm("lint", "--strict", CHART, *arguments)

    def test_kubernetes_knows_every_field(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, arguments in INSTALLATIONS.items():
                pathlib.Path(folder, f"{name}.yaml").write_text(render(*arguments))
            done = subprocess.run([TOOLS / "venv/bin/kubernetes-validate", "-k", KUBERNETES, "--strict", "--quiet",
                                   *pathlib.Path(folder).iterdir()], text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)
        for line in done.stdout.splitlines():
            self.assertRegex(line, "Couldn't find schema for kind (" + "|".join(FOREIGN_KINDS) + ") ")

    def test_names_are_unique_and_short_enough(self):
        for name in INSTALLATIONS:
            names = [(item["kind"], item["metadata"]["name"]) for item in objects(name, release=LONG_NAME)]
            self.assertEqual(len(names), len(set(names)))
            for kind, text in names:
                self.assertLessEqual(len(text), 63, kind)
                self.assertRegex(text, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", kind)
                if kind == "StatefulSet":  # whose pods have a label with a hash behind the name
                    self.assertLessEqual(len(text), 52)


class SecurityTest(unittest.TestCase):
    def test_pods_are_restricted(self):
        for label, _, pod, container in each_container():
            with self.subTest(label):
                context = pod["securityContext"]
                self.assertTrue(context["runAsNonRoot"])
                self.assertGreater(context["runAsUser"], 0)
                self.assertGreater(context["fsGroup"], 0)
                self.assertEqual(context["seccompProfile"], {"type": "RuntimeDefault"})
                own = container["securityContext"]
                self.assertEqual(own, {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                       "capabilities": {"drop": ["ALL"]}})
                for key in ("hostNetwork", "hostPID", "hostIPC"):
                    self.assertNotIn(key, pod)
                for port in container.get("ports", []):
                    self.assertNotIn("hostPort", port)

    def test_volumes_are_restricted(self):
        for label, items in each_installation():
            with self.subTest(label):
                for _, pod in pods(items):
                    for volume in pod["volumes"]:
                        self.assertEqual(len(volume), 2)
                        kind = next(key for key in volume if key != "name")
                        self.assertIn(kind, ("configMap", "secret", "projected", "emptyDir"))
                        # The programs refuse secrets that others may read.
                        if kind in ("secret", "projected"):
                            self.assertEqual(volume[kind]["defaultMode"], 0o400, volume["name"])

    def test_no_pod_has_a_token_of_kubernetes(self):
        for label, items in each_installation():
            with self.subTest(label):
                for _, pod in pods(items):
                    self.assertIs(pod["automountServiceAccountToken"], False)

    def test_secrets_are_not_in_environments_or_arguments(self):
        for label, _, _, container in each_container():
            with self.subTest(label):
                for variable in container.get("env", []):
                    self.assertNotIn("secretKeyRef", variable.get("valueFrom", {}))

    def test_images_have_a_version(self):
        for label, _, _, container in each_container():
            with self.subTest(label):
                self.assertRegex(container["image"], "(:[A-Za-z0-9_.-]+|@sha256:[0-9a-f]{64})$")
                self.assertNotIn(":latest", container["image"])


class OperationTest(unittest.TestCase):
    def test_resources(self):
        for label, _, _, container in each_container():
            with self.subTest(label):
                resources = container["resources"]
                self.assertEqual(set(resources["requests"]), {"cpu", "memory"})
                # A limit of the CPU would only slow down what nobody else needs.
                self.assertEqual(set(resources["limits"]), {"memory"})

    def test_probes(self):
        for label, item, _, container in each_container():
            with self.subTest(label):
                if item["kind"] in LONG_RUNNING:
                    self.assertLessEqual({"startupProbe", "livenessProbe", "readinessProbe"}, set(container))
                    ports = {port["name"] for port in container["ports"]} | {
                        port["containerPort"] for port in container["ports"]}
                    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                        action = next(value for key, value in container[probe].items()
                                      if key in ("grpc", "httpGet", "tcpSocket", "exec"))
                        if "port" in action:
                            self.assertIn(action["port"], ports)

    def test_liveness_does_not_depend_on_the_database(self):
        for label, item, _, container in each_container():
            if item["kind"] in LONG_RUNNING and container["name"] not in ("gateway", "postgresql"):
                with self.subTest(label):
                    self.assertEqual(container["livenessProbe"]["grpc"]["service"], "live")
                    self.assertNotIn("service", container["readinessProbe"]["grpc"])

    def test_a_pod_may_take_as_long_as_it_drains(self):
        for label, item, pod, container in each_container():
            with self.subTest(label):
                if item["kind"] in LONG_RUNNING and container["name"] != "postgresql":
                    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
                    self.assertEqual(pause, 5)
                    self.assertGreaterEqual(pod["terminationGracePeriodSeconds"], 20 + 5 + pause)

    def test_dispatch_waits_for_the_slowest_mail_server(self):
        pod = find(objects("cert-manager"), "StatefulSet", "dispatch")["spec"]["template"]["spec"]
        self.assertGreater(pod["terminationGracePeriodSeconds"], 600)

    def test_every_service_has_a_disruption_budget(self):
        for label, items in each_installation():
            with self.subTest(label):
                budgets = [item["spec"]["selector"] for item in kinds(items, "PodDisruptionBudget")]
                for kind in LONG_RUNNING:
                    for item in kinds(items, kind):
                        if not item["metadata"]["name"].endswith("postgresql"):
                            self.assertIn(item["spec"]["selector"], budgets)

    def test_the_journal_is_on_a_volume(self):
        dispatch = find(objects("cert-manager"), "StatefulSet", "dispatch")["spec"]
        self.assertEqual(dispatch["volumeClaimTemplates"][0]["metadata"]["name"], "state")
        self.assertEqual(dispatch["persistentVolumeClaimRetentionPolicy"],
                         {"whenDeleted": "Retain", "whenScaled": "Retain"})
        dispatch = find(objects("secrets"), "StatefulSet", "dispatch")["spec"]
        self.assertNotIn("volumeClaimTemplates", dispatch)
        self.assertIn({"name": "state", "emptyDir": {"sizeLimit": "256Mi"}}, dispatch["template"]["spec"]["volumes"])

    def test_autoscaling(self):
        items = objects("cert-manager")
        scaler = find(items, "HorizontalPodAutoscaler", "dispatch")["spec"]
        self.assertEqual(scaler["scaleTargetRef"]["kind"], "StatefulSet")
        self.assertEqual(scaler["metrics"][0]["external"]["metric"]["name"], "lmsmail_dispatch_oldest_due_seconds")
        self.assertEqual(scaler["metrics"][0]["external"]["target"], {"type": "Value", "value": "60"})
        # Helm would take back what the autoscaler did.
        self.assertNotIn("replicas", find(items, "StatefulSet", "dispatch")["spec"])
        self.assertNotIn("replicas", find(items, "Deployment", "gateway")["spec"])
        self.assertEqual(find(items, "Deployment", "template")["spec"]["replicas"], 2)

    def test_zero_replicas(self):
        items = objects("cert-manager", "--set", "template.replicas=0")
        self.assertEqual(find(items, "Deployment", "template")["spec"]["replicas"], 0)


class MigrationTest(unittest.TestCase):
    HOOK = {"helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-delete-policy": "before-hook-creation"}

    def job(self, installation, *arguments):
        return find(objects(installation, *arguments), "Job", "migrate")

    def test_a_container_for_each_service(self):
        pod = self.job("cert-manager")["spec"]["template"]["spec"]
        names = [container["name"] for container in pod["containers"]]
        self.assertEqual(names, ["dispatch", "preference", "report", "scheduler", "template"])

    def test_is_a_hook(self):
        self.assertEqual(self.job("cert-manager")["metadata"]["annotations"], self.HOOK)
        self.assertEqual(self.job("trial", "--is-upgrade")["metadata"]["annotations"], self.HOOK)

    def test_does_not_wait_for_a_database_that_is_installed_after_it(self):
        self.assertNotIn("annotations", self.job("trial")["metadata"])

    def test_only_it_can_change_tables(self):
        for installation in INSTALLATIONS:
            for item, pod in pods(objects(installation)):
                if item["kind"] in LONG_RUNNING and not item["metadata"]["name"].endswith("postgresql"):
                    self.assertNotIn("migrator", str(pod))
