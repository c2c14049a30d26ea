"""What reaches the gateway: the pixels of mails and the webhooks of providers."""

import hashlib
import json
import statistics
import subprocess

from harness import process
from harness.figure import Figure
from harness.throughput import drain_once

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def _encoded(number):
    """As services/dispatch/message/resource_names."""
    return "".join(ALPHABET[number >> 5 * (12 - i) & 31] for i in range(13))


def _mails(system, count, parts):
    """Sends `count` mails for each of `parts` files, and lists them there."""
    drain_once(system, count * parts)
    # The newest mails, oldest first: as they were sent.
    ids = system.sql("SELECT msg_id FROM (SELECT msg_id, create_time FROM dispatch.message "
                     f"ORDER BY create_time DESC, msg_id DESC LIMIT {count * parts}) m ORDER BY msg_id")
    paths = []
    for part in range(parts):
        path = system.folder / f"mails{part}"
        with path.open("w") as file:
            for number in ids[part::parts]:
                text = _encoded(int(number))
                check = hashlib.sha256(text.encode()).hexdigest()[:8]
                file.write(f"{text} {text}.{check}@lms.example\n")
        paths.append(path)
    return paths


class Gateway:
    def __init__(self, system):
        self.keys = system.folder / "tracking.keys"
        self.keys.write_text(f"k1:{2:064x}\n")
        self.keys.chmod(0o600)
        self.private_key = system.folder / "webhook.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-out", self.private_key],
                       check=True, capture_output=True)
        public_key = subprocess.run(
            f"openssl pkey -in {self.private_key} -pubout | grep -v -e ----- | tr -d '\\n'",
            shell=True, check=True, capture_output=True, text=True).stdout
        self.process = process.Process(
            [system.binaries / "lmsmail-gateway", "--listen=127.0.0.1:0", "--admin_listen=127.0.0.1:0",
             "--metrics_listen=127.0.0.1:0", "--log.format=json",
             f"--preference.target={system.targets['preference']}",
             f"--dispatch.target={system.targets['dispatch']}", f"--tracking.keys_file={self.keys}",
             f"--webhooks.sendgrid.public_keys={public_key}"], system.folder / "gateway.log")
        self.port = json.loads(self.process.line_with('"listening"'))["port"]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.stop()


def edge(system, scale):
    """Pixels, each of another mail and answered when it is durable, compared with empty answers of the
    same server; webhooks of 500 events compared with the same events by RecordEvents."""
    files = _mails(system, scale.edge, 1 + 3 * scale.repeats)
    warm_up, files = files[0], files[1:]

    with Gateway(system) as gateway:
        def load(task, **flags):
            before = {**system.cpu(), "gateway": gateway.process.cpu_seconds()}
            report = process.run_json([
                system.binaries / "lmsmail-edge-load", f"--task={task}", f"--port={gateway.port}",
                f"--dispatch={system.targets['dispatch']}",
                *(f"--{key}={value}" for key, value in flags.items())])
            after = {**system.cpu(), "gateway": gateway.process.cpu_seconds()}
            report["cpu"] = {part: round((after[part] - before[part]) * 1e6 / report["count"], 1)
                             for part in after}
            report["cpu"]["client"] = round(report["cpu_us"] / report["count"], 1)
            return report

        load("pixels", mails=warm_up, keys=gateway.keys)
        runs = {"empty": [], "pixels": [], "webhooks": [], "record": []}
        for i in range(scale.repeats):
            pixels, webhooks, record = files[3 * i:3 * i + 3]
            runs["empty"].append(load("empty", count=scale.edge * 2, connections=1000))
            runs["pixels"].append(load("pixels", mails=pixels, keys=gateway.keys,
                                       connections=1000))
            # As many at a time as the gateway handles.
            runs["webhooks"].append(load("webhooks", mails=webhooks, keys=gateway.private_key,
                                         connections=4))
            runs["record"].append(load("record", mails=record, connections=4))
    recorded = system.sql.number("SELECT count(*) FROM dispatch.event")
    expected = scale.edge * (1 + scale.repeats)
    expected += sum(run["count"] for task in ("webhooks", "record") for run in runs[task])
    if recorded != expected:
        raise RuntimeError(f"{recorded:.0f} of {expected} events are recorded")
    rates = {task: [run["count"] / run["seconds"] for run in each] for task, each in runs.items()}
    median = {task: statistics.median(each) for task, each in rates.items()}
    details = {"runs": rates, "cpu_us": {task: each[-1]["cpu"] for task, each in runs.items()}}
    return [Figure("pixels", "each of another mail, answered when durable", median["pixels"],
                   median["empty"], "requests/s", "an empty answer", ">= 0.5", details=details),
            Figure("webhook events", "of 500 in a request, answered when durable", median["webhooks"],
                   None, "events/s", "", "ours >= 20000", details=details),
            Figure("webhooks", "the same", median["webhooks"], median["record"], "events/s",
                   "RecordEvents", ">= 0.7", details=details)]
