"""The programs themselves accept the configuration that the chart gives them."""

import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

from chart import INSTALLATIONS, PROGRAMS, ROOT, find, kinds, mounted_files, objects, pods

SECRETS = "/run/secrets"
KEYS = "k1:" + "5f" * 32 + "\n"
DSN = "host=db.school.example dbname=lmsmail user=lmsmail_x sslmode=verify-full sslrootcert=/dev/null\n"
CALLERS = "callers: {lms: {roles: [sender], token_sha256: [" + "5f" * 32 + "]}}\n"


def paths_in(text):
    return set(re.findall(SECRETS + r"/[^\s\"',}]+", text))


class Certificate:
    """A certificate of an authority of its own, in files."""

    def __init__(self, folder):
        self.key, self.certificate = folder / "key.pem", folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=DNS:test", "-keyout", self.key,
                        "-out", self.certificate], check=True, stderr=subprocess.DEVNULL)


class ConfigurationTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.certificate = Certificate(cls.folder)

    def content(self, path, callers):
        """What a file of a Secret may hold, by its name."""
        name = path.rsplit("/", 1)[1]
        if name in ("tls.crt", "ca.crt"):
            return self.certificate.certificate.read_text()
        if name == "tls.key":
            return self.certificate.key.read_text()
        if name == "callers.yaml":
            return callers
        if name.endswith("dsn"):
            return DSN
        return KEYS if name.endswith("keys") else "secret\n"

    def check(self, program, text, callers=CALLERS):
        """Runs the program with --check-config and the files that the configuration names."""
        with tempfile.TemporaryDirectory(dir=self.folder) as root:
            for path in paths_in(text):
                file = pathlib.Path(root + path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(self.content(path, callers))
                file.chmod(0o600)
            config = pathlib.Path(root) / "config.yaml"
            config.write_text(text.replace(SECRETS, root + SECRETS))
            done = subprocess.run([PROGRAMS / f"lmsmail-{program}", "--config", config, "--check-config"],
                                  text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.assertEqual(done.returncode, 0, done.stdout)

    def each_program(self):
        """A label that ends with the program's name, all objects, its pod and its configuration."""
        for installation in INSTALLATIONS:
            items = objects(installation)
            for item, pod in pods(items):
                component = item["metadata"]["labels"]["app.kubernetes.io/component"]
                if component in ("postgresql", "migrate"):
                    continue
                name = next(volume["configMap"]["name"] for volume in pod["volumes"] if volume["name"] == "config")
                config = next(found for found in kinds(items, "ConfigMap") if found["metadata"]["name"] == name)
                yield f"{installation}: {component}", items, pod, config["data"]["config.yaml"]

    def test_the_programs_accept_it(self):
        for label, items, _, text in self.each_program():
            with self.subTest(label):
                secrets = [item for item in kinds(items, "Secret") if item["metadata"]["name"].endswith("-callers")]
                self.check(label.rsplit(" ", 1)[1], text,
                           secrets[0]["stringData"]["callers.yaml"] if secrets else CALLERS)

    def test_files_are_mounted(self):
        for label, _, pod, text in self.each_program():
            with self.subTest(label):
                mounted = set(mounted_files(pod, pod["containers"][0]))
                for path in paths_in(text):
                    self.assertTrue(path in mounted or path.rsplit("/", 1)[0] + "/" in mounted, path)

    def test_no_file_is_mounted_in_vain(self):
        for label, _, pod, text in self.each_program():
            with self.subTest(label):
                used = paths_in(text)
                for path in mounted_files(pod, pod["containers"][0]):
                    # The DSN may name the certificate of its server's authority.
                    if not path.endswith("/database/ca.crt"):
                        self.assertTrue(any(name == path or path.endswith("/") and name.startswith(path)
                                            for name in used), path)

    def test_peers_are_services_of_the_release(self):
        for label, items, _, text in self.each_program():
            with self.subTest(label):
                for host, port in re.findall(r"target: dns:///([^:\s]+):(\d+)", text):
                    name, namespace, rest = host.split(".", 2)
                    self.assertEqual((namespace, rest), ("school", "svc.cluster.local"))
                    service = next(item for item in kinds(items, "Service") if item["metadata"]["name"] == name)
                    self.assertIn(int(port), [entry["port"] for entry in service["spec"]["ports"]])

    def test_values_go_over_what_the_chart_knows(self):
        items = objects("cert-manager")
        config = yaml.safe_load(find(items, "ConfigMap", "dispatch")["data"]["config.yaml"])
        self.assertEqual(config["default_transport"], "gmail")
        self.assertEqual(config["drain_timeout"], "630s")
        self.assertEqual(config["tracking"]["opens"], ["progress"])
        gateway = yaml.safe_load(find(items, "ConfigMap", "gateway")["data"]["config.yaml"])
        self.assertEqual(gateway["http"]["trusted_proxies"], ["10.0.0.0/8"])
        self.assertNotIn("opens", gateway["tracking"])

    def test_compose(self):
        """The files of deploy/compose, with its secrets."""
        for name in ("template", "preference", "dispatch", "scheduler", "report", "gateway"):
            with self.subTest(name):
                text = (ROOT / f"deploy/compose/{name}.yaml").read_text()
                self.check(name, text.replace("/secrets/", SECRETS + "/"))
