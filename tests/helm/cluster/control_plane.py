"""etcd, the API server, the controllers and the scheduler, as processes."""

import json
import pathlib
import secrets
import ssl
import urllib.request

from processes import run, start, wait_until

ADDRESS = "10.200.0.1"
NETWORK = "10.200.0.0/24"
SERVICES = "10.96.0.0/16"
PODS = "10.244.0.0/16"
DOMAIN = "cluster.local"

USERS = {"admin": "system:masters", "system:kube-controller-manager": "", "system:kube-scheduler": "",
         "system:kube-proxy": ""}


class ControlPlane:
    """`programs` has the components of Kubernetes and kubectl."""

    def __init__(self, folder, programs, nodes):
        self.folder = pathlib.Path(folder)
        self.programs = programs
        self.pki = self.folder / "pki"
        users = USERS | {f"system:node:{node}": "system:nodes" for node in nodes}
        self.tokens = {user: (secrets.token_hex(16), group) for user, group in users.items()}
        self._context = None

    def start(self):
        self.pki.mkdir(parents=True)
        self._make_certificates()
        rows = [f'{token},{user},{user},"{group}"' for user, (token, group) in self.tokens.items()]
        (self.pki / "tokens.csv").write_text("\n".join(rows) + "\n")
        self._start("etcd", "--data-dir", self.folder / "etcd", "--unsafe-no-fsync", "--log-level=warn",
                    "--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
                    "--listen-peer-urls=http://127.0.0.1:2380")
        self._start("kube-apiserver", "--etcd-servers=http://127.0.0.1:2379", "--secure-port=6443",
                    f"--advertise-address={ADDRESS}", f"--service-cluster-ip-range={SERVICES}",
                    "--authorization-mode=Node,RBAC", "--allow-privileged", f"--token-auth-file={self.pki}/tokens.csv",
                    f"--tls-cert-file={self.pki}/server.crt", f"--tls-private-key-file={self.pki}/server.key",
                    f"--client-ca-file={self.pki}/ca.crt", "--kubelet-preferred-address-types=InternalIP",
                    f"--kubelet-client-certificate={self.pki}/kubelet-client.crt",
                    f"--kubelet-client-key={self.pki}/kubelet-client.key",
                    f"--service-account-issuer=https://kubernetes.default.svc.{DOMAIN}",
                    f"--service-account-key-file={self.pki}/service-account.pub",
                    f"--service-account-signing-key-file={self.pki}/service-account.key")
        self._context = ssl.create_default_context(cafile=self.pki / "ca.crt")
        wait_until("API server", lambda: self.get("/readyz", parse=False) == "ok", 120)
        self._start("kube-controller-manager", f"--kubeconfig={self.kubeconfig('system:kube-controller-manager')}",
                    f"--service-account-private-key-file={self.pki}/service-account.key", f"--cluster-cidr={PODS}",
                    f"--root-ca-file={self.pki}/ca.crt", "--use-service-account-credentials", "--leader-elect=false",
                    "--bind-address=127.0.0.1")
        self._start("kube-scheduler", f"--kubeconfig={self.kubeconfig('system:kube-scheduler')}",
                    "--leader-elect=false", "--bind-address=127.0.0.1")

    def get(self, path, parse=True):
        """GET of the API."""
        request = urllib.request.Request(f"https://{ADDRESS}:6443{path}",
                                         headers={"Authorization": f"Bearer {self.tokens['admin'][0]}"})
        with urllib.request.urlopen(request, context=self._context, timeout=10) as response:
            text = response.read().decode()
        return json.loads(text) if parse else text

    def items(self, kind, group="api/v1"):
        """All objects of a kind, of all namespaces."""
        return self.get(f"/{group}/{kind}")["items"]

    def kubectl(self, *arguments, **options):
        return run(self.programs / "kubectl", "--kubeconfig", self.kubeconfig("admin"), *arguments, **options)

    def kubeconfig(self, user):
        """The path of a file by which a program is this user."""
        path = self.pki / f"{user.replace(':', '-')}.kubeconfig"
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": f"https://{ADDRESS}:6443",
                                                      "certificate-authority": str(self.pki / "ca.crt")}}],
            "users": [{"name": "user", "user": {"token": self.tokens[user][0]}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "user"}}]}))
        return path

    def _start(self, name, *arguments):
        start(self.folder / f"log/{name}.log", self.programs / name, *arguments)

    def _make_certificates(self):
        pki = self.pki
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
            "-keyout", pki / "ca.key", "-out", pki / "ca.crt")
        names = f"IP:{ADDRESS},IP:127.0.0.1,IP:10.96.0.1,DNS:kubernetes.default.svc.{DOMAIN}"
        for name, subject in (("server", "/CN=kube-apiserver"), ("kubelet-client", "/O=system:masters/CN=kube-apiserver")):
            (pki / "extensions").write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth,clientAuth\n")
            run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", pki / f"{name}.key",
                "-out", pki / f"{name}.csr")
            run("openssl", "x509", "-req", "-days", "2", "-in", pki / f"{name}.csr", "-CA", pki / "ca.crt",
                "-CAkey", pki / "ca.key", "-CAcreateserial", "-extfile", pki / "extensions", "-out", pki / f"{name}.crt")
        run("openssl", "genrsa", "-out", pki / "service-account.key", "2048")
        run("openssl", "rsa", "-in", pki / "service-account.key", "-pubout", "-out", pki / "service-account.pub")
