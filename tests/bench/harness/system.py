"""The system under test: PostgreSQL, the services and the sink, on this machine."""

import contextlib
import json
import os
import pathlib
import secrets
import shutil
import socket
import tempfile
import time

from harness import process
from harness.database import MIGRATOR, Database

ROOT = pathlib.Path(__file__).resolve().parents[3]
SERVICES = ("template", "preference", "dispatch")


class Sink:
    """lmsmail-sink and a connection to its control port."""

    def __init__(self, binaries, folder):
        self.ledger = folder / "ledger"
        self.process = process.Process(
            [binaries / "lmsmail-sink", f"--ledger={self.ledger}", "--ledger_domain=probe.test"],
            folder / "sink.log")
        ports = json.loads(self.process.line_with("control_port"))
        self.port = ports["port"]
        self._socket = socket.create_connection(("127.0.0.1", ports["control_port"]))
        self._lines = self._socket.makefile("r")

    def command(self, command):
        self._socket.sendall(f"{command}\n".encode())
        return json.loads(self._lines.readline())

    def accepted(self):
        return self.command("stats")["accepted"]

    def stop(self):
        self._socket.close()
        self.process.stop()


class System:
    def __init__(self, binaries, recipients):
        if os.nice(0) != 0:
            process.apply_nice_value(os.getpid())
        self.binaries = pathlib.Path(binaries)
        self.recipients = recipients
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lmsmail-bench-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.services = {}
        self.targets = {}
        self._runs = 0
        self._closing = contextlib.ExitStack()
        self._closing.callback(shutil.rmtree, self.folder, ignore_errors=True)
        try:
            self._start_all()
        except BaseException:
            self.close()
            raise

    def _start_all(self):
        (self.folder / "pg").mkdir()
        self.database = Database(self.folder / "pg", ROOT / "deploy" / "postgresql.conf",
                                 SERVICES)
        self._closing.callback(self.database.stop)
        self.sql = self.database.session("lmsmail")
        self._closing.callback(self.sql.close)
        self.sink = Sink(self.binaries, self.folder)
        self._closing.callback(self.sink.stop)
        self._closing.callback(self._stop_services)
        (self.folder / "keys").write_text(f"k1:{1:064x}\n")
        (self.folder / "keys").chmod(0o600)
        for service in SERVICES:
            self.start(service)
        self.load("prepare")
        self.sql("ANALYZE")

    def start(self, service, *flags, smtp_port=None, name=None, transport="sink"):
        """Starts a service. The SMTP server of dispatch is the sink unless `smtp_port` is given;
        `flags` configure another default `transport`. An additional replica needs its own `name`."""
        argv = [self.binaries / f"lmsmail-{service}", "--listen=127.0.0.1:0",
                "--metrics_listen=127.0.0.1:0", "--log.format=json",
                f"--postgres.dsn={self.database.dsn(self.database.roles[service])}",
                f"--postgres.migrator_dsn={self.database.dsn(MIGRATOR)}"]
        if service == "preference":
            argv += [f"--keys_file={self.folder}/keys", "--quiet_hours.start=",
                     "--quiet_hours.end="]
        if service == "dispatch":
            smtp_port = smtp_port or self.sink.port
            argv += [f"--worker.state_directory={self.folder}/state",
                     f"--template.target={self.targets['template']}",
                     f"--preference.target={self.targets['preference']}",
                     "--school.url=https://learn.example", "--school.name=School of Benchmarks",
                     f"--default_transport={transport}", "--transports.sink.kind=smtp",
                     "--transports.sink.host=127.0.0.1", "--transports.sink.tls=none",
                     f"--transports.sink.port={smtp_port}"]
        name = name or service
        started = process.Process([*argv, *flags], self.folder / f"{name}.log")
        self.services[name] = started
        started.line_with('"serving"')
        self.targets[name] = f"127.0.0.1:{json.loads(started.line_with('listening'))['port']}"

    def stop(self, name):
        self.services.pop(name).stop()

    def new_run(self):
        self._runs += 1
        return f"run{self._runs}-{secrets.token_hex(4)}"

    def load(self, task, **flags):
        """Runs lmsmail-load and returns its report."""
        flags = {"dispatch": self.targets["dispatch"], "templates": self.targets["template"],
                 "preferences": self.targets["preference"], "recipients": self.recipients, **flags}
        return process.run_json([self.binaries / "lmsmail-load", f"--task={task}",
                                 *(f"--{key}={value}" for key, value in flags.items())])

    def limit(self, mails, size):
        """Sends ready-made mails through our SMTP client into the sink. Returns the report of
        lmsmail-smtp-source and the CPU time of the sink."""
        before = self.sink.process.cpu_seconds()
        report = process.run_json([self.binaries / "lmsmail-smtp-source",
                                   f"--server=127.0.0.1:{self.sink.port}", f"--mails={mails}",
                                   f"--bytes={size}"])
        report["sink_cpu_us"] = (self.sink.process.cpu_seconds() - before) * 1e6
        return report

    def send_bulk(self, mails):
        """Sends mails with SendBulk. Returns when they are accepted."""
        return self.load("bulk", run=self.new_run(), count=mails)

    def fill(self, mails):
        """Pauses the lanes and fills the queue."""
        self.load("pause")
        return self.send_bulk(mails)

    def sent(self):
        """The number of mails recorded as sent so far, as counted by dispatch."""
        return self.sql.number("SELECT coalesce(sum(count), 0) FROM dispatch.counter WHERE kind = 1")

    def wait_sent(self, total, timeout=120):
        """Waits until `total` mails are recorded as sent. Fails if there is no progress for `timeout`
        seconds."""
        seen, last_progress = -1, time.monotonic()
        while True:
            sent, now = self.sent(), time.monotonic()
            if sent >= total:
                return
            pause = 0.03
            if sent > seen >= 0:
                # The query takes longer the more is recorded, so it is rare until the end is near.
                remaining = (total - sent) * (now - last_progress) / (sent - seen)
                pause = min(max(remaining / 3, 0.03), 5)
            if sent > seen:
                seen, last_progress = sent, now
            elif now - last_progress > timeout:
                raise RuntimeError(f"no progress at {sent:.0f} of {total:.0f} mails:\n"
                                   f"{self.services['dispatch'].tail()}")
            time.sleep(pause)

    def cpu(self):
        """CPU seconds so far by process."""
        parts = {name: part.cpu_seconds() for name, part in self.services.items()}
        return {**parts, "postgres": self.database.server.cpu_seconds(),
                "sink": self.sink.process.cpu_seconds()}

    def _stop_services(self):
        for name in list(reversed(self.services)):
            self.stop(name)

    def close(self):
        """Stops everything in reverse order of its start."""
        self._closing.close()
