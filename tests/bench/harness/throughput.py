"""Mails per second, compared with what the same machine reaches without our part."""

import shutil
import statistics
import subprocess
import time

from harness.figure import Figure
from harness.provider import Provider


def _per_mail(before, after, mails):
    """CPU microseconds per mail by process."""
    return {part: round((after[part] - before[part]) * 1e6 / mails, 1)
            for part in after if part in before}


def _mean_size(system):
    stats = system.sink.command("stats")
    return stats["bytes"] / stats["accepted"]


def drain_once(system, mails):
    """Fills the queue, then resumes the lanes. Returns the mails per second until every outcome is
    recorded, and the CPU time per mail."""
    system.fill(mails)
    system.database.admin("CHECKPOINT")
    total = system.sent() + mails
    before = system.cpu()
    system.load("resume")
    start = time.monotonic()
    system.wait_sent(total)
    seconds = time.monotonic() - start
    return mails / seconds, _per_mail(before, system.cpu(), mails)


def drain(system, scale):
    """Draining the queue, compared with our SMTP client sending ready-made mails of the same size."""
    drain_once(system, scale.warm_up)
    size = int(_mean_size(system))
    rates, limits, costs = [], [], []
    for _ in range(scale.repeats):
        limits.append(system.limit(scale.limit, size))
        rate, cost = drain_once(system, scale.drain)
        rates.append(rate)
        costs.append(cost)
    limits.append(system.limit(scale.limit, size))
    limit = statistics.median(run["mails"] / run["seconds"] for run in limits)
    return [Figure(
        "drain", "claim, decide, render, MIME, SMTP, outcome recorded", statistics.median(rates),
        limit, "mails/s", "the limit", ">= 0.25",
        details={"runs": rates, "limits": [run["mails"] / run["seconds"] for run in limits],
                 "mail_bytes": size, "cpu_us_per_mail": costs[len(costs) // 2],
                 "limit_cpu_us_per_mail": {
                     "client": round(limits[0]["cpu_us"] / limits[0]["mails"], 1),
                     "sink": round(limits[0]["sink_cpu_us"] / limits[0]["mails"], 1)}})]


def providers(system, scale):
    """Draining the queue into the fakes of SendGrid and Mailgun, compared with SMTP into the sink."""
    drain_once(system, scale.warm_up)
    smtp = [drain_once(system, scale.drain)]
    figures = []
    for kind, goal in (("sendgrid", ">= 1.0"), ("mailgun", "")):
        system.stop("dispatch")
        with Provider(system, kind) as provider:
            system.start("dispatch", *provider.flags(), transport="provider")
            drain_once(system, scale.warm_up)
            before, provider_cpu = provider.statistics(), provider.cpu_seconds()
            rate, cost = drain_once(system, scale.drain)
            after = provider.statistics()
            cost["provider"] = round((provider.cpu_seconds() - provider_cpu) * 1e6 / scale.drain, 1)
            system.stop("dispatch")
        mails, requests = (after[key] - before[key] for key in ("mails", "requests"))
        if mails != scale.drain or after["duplicates"]:
            raise RuntimeError(f"{kind} accepted {mails} of {scale.drain} mails, {after}")
        system.start("dispatch")
        smtp.append(drain_once(system, scale.drain))
        figures.append((kind, rate, goal, {"requests": requests, "cpu_us_per_mail": cost}))
    smtp_rates, smtp_costs = zip(*smtp)
    return [Figure(f"{kind} drain", f"the drain into the fake of {kind}", rate,
                   statistics.mean(smtp_rates), "mails/s", "the drain by SMTP", goal,
                   details={**details, "smtp": smtp_rates, "smtp_cpu_us_per_mail": smtp_costs[-1]})
            for kind, rate, goal, details in figures]


def end_to_end(system, scale):
    """From SendBulk to the recorded outcome, with accepting and sending at the same time."""
    drains = [drain_once(system, scale.drain)[0]]
    total = system.sent() + scale.end_to_end
    before = system.cpu()
    start = time.monotonic()
    accepted = system.send_bulk(scale.end_to_end)
    system.wait_sent(total)
    seconds = time.monotonic() - start
    cost = {**_per_mail(before, system.cpu(), scale.end_to_end),
            "caller": round(accepted["cpu_us"] / scale.end_to_end, 1)}
    drains.append(drain_once(system, scale.drain)[0])
    return [Figure("end to end", "SendBulk over gRPC to recorded outcome, sustained",
                   scale.end_to_end / seconds, statistics.mean(drains), "mails/s", "the drain", ">= 0.6",
                   details={"mails": scale.end_to_end, "seconds": seconds,
                            "accepting_seconds": accepted["seconds"], "drains": drains,
                            "cpu_us_per_mail": cost})]


def cost(system, scale):
    """What a million mails cost: bulk mail with SendBulk, and receipts with Send, sent at once. CPU time
    depends less on other load of the machine than elapsed time does."""
    system.sql("CHECKPOINT")
    figures = []
    for kind, mails, task in (("bulk", scale.end_to_end, system.send_bulk),
                              ("Send", scale.send * 4, lambda count: system.load(
                                  "send", run=system.new_run(), count=count, callers=64))):
        total, cpu, stored = system.sent() + mails, _cpu(system), _stored(system)
        task(mails)
        system.wait_sent(total)
        _wait_until_idle(system)
        used = {**{part: (value - cpu[part], "CPU s") for part, value in _cpu(system).items()},
                **{part: ((value - stored[part]) / 1e9, "GB") for part, value in
                   _stored(system).items()}}
        figures += [Figure(f"{kind}: {part}", f"for a million mails, from {mails:,}", 1e6 * ours / mails,
                           unit=unit) for part, (ours, unit) in used.items()]
    figures.append(Figure("memory of dispatch", "resident afterwards",
                          system.services["dispatch"].resident_mb(), unit="MB"))
    return figures


def _cpu(system):
    """CPU seconds so far by process, and of the threads of dispatch that render mail and build MIME."""
    return {**{name: value for name, value in system.cpu().items() if name != "sink"},
            "dispatch, rendering": system.services["dispatch"].thread_cpu_seconds("sender")}


def _stored(system):
    """Bytes that PostgreSQL has written to its WAL, and that the log and its keys take. Full-page images
    after a checkpoint are part of the WAL."""
    size = "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE relkind = 'r' AND " \
           "relnamespace = 'dispatch'::regnamespace AND relname ~ '^({})'"
    return {"WAL": system.sql.number("SELECT pg_current_wal_lsn() - '0/0'"),
            "log": system.sql.number(size.format("message_p|result_p")),
            "keys": system.sql.number(size.format("request|dedupe"))}


def accept(system, scale):
    """SendBulk until COMMIT, compared with COPY of the same rows by psql."""
    accepts, copies, costs = [], [], []
    system.fill(scale.warm_up)
    for _ in range(scale.repeats):
        before = system.cpu()
        done = system.fill(scale.accept)
        costs.append({**_per_mail(before, system.cpu(), scale.accept),
                      "caller": round(done["cpu_us"] / scale.accept, 1)})
        accepts.append(scale.accept / done["seconds"])
        copies.append(scale.accept / _copy_seconds(system, scale.accept))
    system.load("resume")
    system.wait_sent(system.sent() + scale.accept * scale.repeats + scale.warm_up)
    return [Figure("bulk accept", "SendBulk until COMMIT, one stream", statistics.median(accepts),
                   statistics.median(copies), "mails/s", "COPY of the rows", ">= 0.5",
                   details={"runs": accepts, "copies": copies, "cpu_us_per_mail": costs[-1]})]


def _copy_seconds(system, rows):
    """Seconds for COPY of the newest `rows` mails into empty tables with the same indexes."""
    sql = system.sql
    sql("CREATE SCHEMA bench")
    for table in ("message", "queue"):
        sql(f"CREATE TABLE bench.{table} (LIKE dispatch.{table} INCLUDING ALL)")
        sql(f"COPY (SELECT x.* FROM dispatch.{table} x JOIN (SELECT msg_id FROM dispatch.message "
            f"ORDER BY create_time DESC LIMIT {rows}) n USING (msg_id) ORDER BY x.due_time) "
            f"TO '{system.folder}/pg/{table}.copy'")
    sql("CHECKPOINT")
    start = time.monotonic()
    for table in ("message", "queue"):
        sql(f"COPY bench.{table} FROM '{system.folder}/pg/{table}.copy'")
    seconds = time.monotonic() - start
    sql("DROP SCHEMA bench CASCADE")
    return seconds


def send(system, scale):
    """Send by 64 concurrent callers, each call answered after its COMMIT, compared with a call that
    passes through the same parts of the server and does nothing. The lanes are paused, so the mail is
    sent later; then the same while it is sent at once."""
    sends, empty_calls, latencies, delivering = [], [], [], []
    for _ in range(scale.repeats):
        empty_calls.append(_rate(system.load("noop", count=scale.send * 2, callers=64)))
        system.load("pause")
        done = system.load("send", run=system.new_run(), count=scale.send, callers=64)
        sends.append(_rate(done))
        latencies.append(done["p99_ms"])
        system.load("resume")
        _wait_until_idle(system)
        delivering.append(_rate(system.load("send", run=system.new_run(), count=scale.send,
                                            callers=64)))
        _wait_until_idle(system)
    return [Figure("single send", "Send by 64 callers, answered after COMMIT",
                   statistics.median(sends), statistics.median(empty_calls), "calls/s",
                   "an empty call", ">= 0.4",
                   details={"runs": sends, "empty_calls": empty_calls, "p99_ms": latencies}),
            Figure("send and deliver", "the same while the mail is sent",
                   statistics.median(delivering), statistics.median(empty_calls), "calls/s",
                   "an empty call", details={"runs": delivering})]


def _rate(report):
    return report["count"] / report["seconds"]


def _wait_until_idle(system):
    """Waits until no mail is queued or claimed."""
    while system.sql.number("SELECT count(*) FROM (SELECT FROM dispatch.queue LIMIT 1) q") or \
            system.sql.number("SELECT count(*) FROM dispatch.claim"):
        time.sleep(0.1)


def postfix(system, scale):
    """End to end into Postfix's smtp-sink, compared with Postfix's smtp-source into the same."""
    name = "into smtp-sink"
    sink, source = (shutil.which(tool, path="/usr/sbin:/usr/bin") for tool in
                    ("smtp-sink", "smtp-source"))
    if not sink or not source:
        return [Figure(name, "end to end into smtp-sink", note="Postfix is not installed")]
    port = 20000 + system.sink.port % 10000
    server = subprocess.Popen([sink, "-u", "nobody", f"127.0.0.1:{port}", "1000"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        time.sleep(0.5)
        size = int(_mean_size(system)) if system.sink.accepted() else 8192
        start = time.monotonic()
        subprocess.run([source, "-s", "8", "-l", str(size), "-m", str(scale.postfix), "-d",
                        f"127.0.0.1:{port}"], check=True)
        smtp_source = scale.postfix / (time.monotonic() - start)
        system.stop("dispatch")
        system.start("dispatch", smtp_port=port)
        total = system.sent() + scale.postfix
        start = time.monotonic()
        system.send_bulk(scale.postfix)
        system.wait_sent(total)
        ours = scale.postfix / (time.monotonic() - start)
    finally:
        server.terminate()
        server.wait()
        system.stop("dispatch")
        system.start("dispatch")
    return [Figure(name, "end to end into smtp-sink", ours, smtp_source, "mails/s", "smtp-source")]
