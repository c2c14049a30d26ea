"""Runs what trial.yaml installs as processes of this machine, without a cluster.

Each container's command runs as its user, without capabilities, with the files that its pod has at the
same paths and with the modes that Kubernetes gives them, in namespaces of its own: nothing outside is
reached or changed. So a wrong certificate, role, path, mode or flag shows here. Needs root.

The images are not used: the programs are those of PROGRAMS, and PostgreSQL is Debian's.
"""

import base64
import contextlib
import ctypes
import fcntl
import grp
import os
import pathlib
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from chart import PROGRAMS, find, objects, pod_of

CLONE_NEWNS, CLONE_NEWNET, MS_REC, MS_PRIVATE, MS_BIND = 0x20000, 0x40000000, 0x4000, 0x40000, 0x1000
POSTGRESQL = pathlib.Path("/usr/lib/postgresql/15/bin")
# Where the programs are in these mounts, because their user may not be allowed to enter the checkout.
BIN = pathlib.Path("/mnt")
libc = ctypes.CDLL(None, use_errno=True)


def succeed(result):
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def mount(source, target, flags):
    succeed(libc.mount(str(source).encode(), str(target).encode(), None, flags, None))


def leave_the_machine():
    """Gives this process and its children mounts and a network of their own, with a loopback only."""
    succeed(libc.unshare(CLONE_NEWNS | CLONE_NEWNET))
    mount("none", "/", MS_REC | MS_PRIVATE)
    mount(PROGRAMS, BIN, MS_BIND)
    os.umask(0o022)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        up = struct.pack("16sh", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, up)  # SIOCSIFFLAGS


def wait_until(what, done, seconds=60):
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} after {seconds} s")
        time.sleep(0.1)


class Rehearsal(contextlib.ExitStack):
    """The installation, once it is entered."""

    def __init__(self):
        super().__init__()
        self.items = objects("trial")
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory()))
        self.folder.chmod(0o755)
        self.processes = {}
        self.callback(self.stop)
        hosts = ["127.0.0.1 localhost"]
        for item in self.items:
            if item["kind"] == "Service":
                hosts.append(f'127.0.0.1 {item["metadata"]["name"]}.school.svc.cluster.local')
        (self.folder / "hosts").write_text("\n".join(hosts) + "\n")
        mount(self.folder / "hosts", "/etc/hosts", MS_BIND)

    def secret(self, name):
        item = next(item for item in self.items if item["kind"] == "Secret" and item["metadata"]["name"] == name)
        entries = {key: base64.b64decode(value) for key, value in item.get("data", {}).items()}
        return {**entries, **{key: value.encode() for key, value in item.get("stringData", {}).items()}}

    def files_of(self, volume):
        """The files of a volume, by path within it, with whether they are secret."""
        if "configMap" in volume:
            for key, text in next(item for item in self.items if item["kind"] == "ConfigMap" and
                                  item["metadata"]["name"] == volume["configMap"]["name"])["data"].items():
                yield key, text.encode(), False
            return
        for source in volume.get("projected", {}).get("sources") or [volume]:
            secret = source["secret"]
            entries = self.secret(secret.get("secretName") or secret["name"])
            for item in secret.get("items") or [{"key": key, "path": key} for key in entries]:
                yield item["path"], entries[item["key"]], True

    def write_volumes(self, pod, container, root):
        """Writes the container's volumes below root, as the kubelet would. Returns where they belong."""
        group = pod["securityContext"]["fsGroup"]
        volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
        for volume_mount in container.get("volumeMounts", []):
            folder = pathlib.Path(f'{root}{volume_mount["mountPath"]}')
            folder.mkdir(parents=True, exist_ok=True)
            volume = volumes.get(volume_mount["name"], {"emptyDir": {}})
            if "emptyDir" in volume:
                os.chown(folder, 0, group)
                folder.chmod(0o2777)
                continue
            for path, content, is_secret in self.files_of(volume):
                file = folder / path
                file.write_bytes(content)
                os.chown(file, 0, group)
                file.chmod(0o440 if is_secret else 0o644)

    def start(self, name, pod, container):
        """Starts a container's command."""
        root = self.folder / name
        self.write_volumes(pod, container, root)
        command = container["command"]
        user = str(pod["securityContext"]["runAsUser"])
        # The paths that exist on no machine by themselves appear in this process' mounts only.
        script = "".join(f'mkdir -p /{top} && mount -t tmpfs none /{top} && cp -a "{root}/{top}/." /{top} && '
                         for top in ("run/secrets", "etc/lmsmail", "var/lib/lmsmail") if (root / top).exists())
        script += 'exec setpriv --reuid="$0" --regid="$0" --clear-groups --bounding-set=-all --no-new-privs -- "$@"'
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", script, user, BIN / pathlib.Path(command[0]).name, *command[1:]],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def finish(self, names):
        """Waits for these processes. Fails with the log of one that failed."""
        for name in names:
            code = self.processes.pop(name).wait(timeout=120)
            assert code == 0, f"{name} ended with {code}:\n{self.log(name)}"

    def start_postgresql(self):
        item = find(self.items, "StatefulSet", "postgresql")
        pod, container = pod_of(item), pod_of(item)["containers"][0]
        pod = {**pod, "securityContext": {**pod["securityContext"], "fsGroup": grp.getgrnam("postgres").gr_gid}}
        root, data = self.folder / "postgresql", self.folder / "data"
        self.write_volumes(pod, container, root)
        script = root / "docker-entrypoint-initdb.d/make-roles.sh"
        script.write_text(script.read_text().replace("/run/secrets", f"{root}/run/secrets"))
        data.mkdir()
        shutil.chown(data, "postgres", "postgres")
        as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
        subprocess.run([*as_postgres, POSTGRESQL / "initdb", "-D", data / "db", "-U", "postgres", "-A", "trust",
                        "-E", "UTF8"], check=True, stdout=subprocess.DEVNULL)
        (data / "db/pg_hba.conf").write_text("local all all trust\nhostssl all all all scram-sha-256\n")
        arguments = [text.replace("/run/secrets", f"{root}/run/secrets") for text in container["args"]]
        with open(self.folder / "postgresql.log", "ab") as log:
            self.processes["postgresql"] = subprocess.Popen(
                [*as_postgres, POSTGRESQL / "postgres", "-D", data / "db", f"-cunix_socket_directories={data}",
                 "-clisten_addresses=127.0.0.1", *arguments], stdout=log, stderr=log)
        ready = [POSTGRESQL / "pg_isready", "-q", "-h", data]
        wait_until("PostgreSQL", lambda: subprocess.run(ready, check=False).returncode == 0)
        environment = dict(os.environ, PGHOST=str(data), PATH=f"{POSTGRESQL}:/usr/bin:/bin")
        subprocess.run(["createdb", "-U", "postgres", "lmsmail"], check=True, env=environment)
        subprocess.run(["bash", "-eu", script], check=True, env=environment)

    def migrate(self):
        pod = pod_of(find(self.items, "Job", "migrate"))
        names = []
        for container in pod["containers"]:
            names.append("migrate-" + container["name"])
            self.start(names[-1], pod, container)
        self.finish(names)

    def start_services(self):
        for item in self.items:
            if item["kind"] in ("Deployment", "StatefulSet"):
                container = pod_of(item)["containers"][0]
                if container["name"] != "postgresql":
                    self.start(container["name"], pod_of(item), container)

    def smoke(self):
        """Runs the pod of `helm test`. Returns its exit code."""
        pod = pod_of(find(self.items, "Pod", "smoke"))
        self.start("smoke", pod, pod["containers"][0])
        return self.processes.pop("smoke").wait(timeout=180)

    def get(self, url, token="", body=None):
        """The status of an HTTPS request to localhost, whose certificate is checked."""
        context = ssl.create_default_context(cadata=self.secret("mail-lmsmail-gateway-tls")["ca.crt"].decode())
        headers = {"Content-Type": "application/json"} if body else {}
        if token:
            headers["Authorization"] = "Bearer " + self.secret("mail-lmsmail-tokens")[token].decode()
        request = urllib.request.Request(url, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, context=context, timeout=10) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def stop(self):
        """Ends everything, the services as Kubernetes does. Returns the exit codes by name."""
        codes = {}
        services = [name for name in self.processes if name != "postgresql"]
        for name in services:
            self.processes[name].terminate()
        if "postgresql" in self.processes:
            services.append("postgresql")
        for name in services:
            process = self.processes.pop(name)
            if name == "postgresql":
                process.send_signal(signal.SIGINT)
            try:
                codes[name] = process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                codes[name] = process.wait()
        return codes
