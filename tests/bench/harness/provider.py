"""The fake of a provider's API, as the transport of dispatch."""

import json
import urllib.request

from harness import process


class Provider:
    """lmsmail-fake-sendgrid or lmsmail-fake-mailgun (tests/fakes)."""

    def __init__(self, system, kind):
        self._kind = kind
        self._key = system.folder / f"{kind}.key"
        self._key.write_text("key-of-benchmarks")
        self._key.chmod(0o600)
        self._process = process.Process(
            [system.binaries / f"lmsmail-fake-{kind}", "--keys=key-of-benchmarks", "--rate=1000000",
             f"--ledger={system.folder / kind}.ledger"], system.folder / f"{kind}.log")
        ports = json.loads(self._process.line_with("control_port"))
        self._port, self._control = ports["port"], ports["control_port"]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._process.stop()

    def flags(self):
        """Of dispatch, for the transport "provider"."""
        flags = {"kind": self._kind, "base_url": f"http://127.0.0.1:{self._port}",
                 "api_key_file": self._key, "from": "school@mg.school.test"}
        if self._kind == "mailgun":
            flags["domain"] = "mg.school.test"
        # Enough for several requests with a thousand mails each.
        return ["--worker.max_in_flight=6000",
                *(f"--transports.provider.{key}={value}" for key, value in flags.items())]

    def statistics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self._control}/control", timeout=10) as answer:
            return json.load(answer)

    def cpu_seconds(self):
        return self._process.cpu_seconds()
