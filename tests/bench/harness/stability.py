"""Properties that must not depend on the amount of queued or finished mail, or on other load."""

import statistics
import threading
import time

from harness import process
from harness.figure import Figure, percentile
from harness.throughput import drain_once

PROBES_PER_SECOND = 50


def claim_scaling(system, scale):
    """The duration of a claim with few and with millions of rows in the tables."""
    # One real mail is the template of all rows. dispatch is stopped because the probe claims mail.
    drain_once(system, 1)
    tables = _Tables(system)
    system.stop("dispatch")
    try:
        # Half of the small claims run before and half after, because the speed of the machine drifts.
        small = tables.claims(scale.claims // 2, pending=10_000)
        pending, finished = tables.grow(scale.scaling_pending, scale.scaling_finished,
                                        scale.scaling_timeout_seconds)
        large = tables.claims(scale.claims)
        tables.empty()
        for phase, times in tables.claims(scale.claims // 2, pending=10_000).items():
            small[phase] += times
    finally:
        tables.close()
        system.start("dispatch")
    details = {"pending": pending, "finished": finished}
    for phase in ("claim_ms", "flush_ms"):
        details[phase] = {
            which: {"p50": percentile(run[phase], 0.5), "p99": percentile(run[phase], 0.99)}
            for which, run in (("small", small), ("large", large))}
    return [Figure("claim scaling", f"claim p99 with {pending:,} pending and {finished:,} finished",
                   percentile(large["claim_ms"], 0.99), percentile(small["claim_ms"], 0.99), "ms",
                   "with 10,000", "<= 1.5", details=details)]


class _Tables:
    """dispatch's tables, filled with SQL, because millions of mails would take the service too long."""

    CHUNK = 250_000

    def __init__(self, system):
        self._system = system
        self._sql = system.sql
        self._next = 1 << 34  # far above the numbers of the service
        self._sql("CREATE TABLE public.pattern AS SELECT * FROM dispatch.message "
                  "ORDER BY create_time DESC LIMIT 1")

    def claims(self, count, pending=None):
        """Times `count` claims of 500 mails each, which are recorded as sent. If `pending` is given,
        refills the queue to that many mails before every tenth claim."""
        runs = {"claim_ms": [], "flush_ms": []}
        for _ in range(0, count, 10):
            if pending:
                queued = self._sql.number("SELECT count(*) FROM dispatch.queue")
                self._add(int(pending - queued), finished=False)
            run = process.run_json([
                self._system.binaries / "lmsmail-claim-probe", "--cycles=12",
                f"--dsn={self._system.database.dsn('lmsmail_dispatch')}"])
            for phase in runs:
                runs[phase] += run[phase][2:]  # without connecting and planning
        return runs

    def grow(self, pending, finished, timeout):
        """Adds rows until there are that many, or until `timeout` seconds have passed."""
        deadline = time.monotonic() + timeout
        done = {False: 0, True: 0}
        while time.monotonic() < deadline and (done[False] < pending or done[True] < finished):
            which = done[True] * pending < done[False] * finished
            count = min(self.CHUNK, (finished if which else pending) - done[which])
            self._add(count, which)
            done[which] += count
        self._sql("ANALYZE dispatch.queue, dispatch.message, dispatch.result")
        self._sql("CHECKPOINT")
        return done[False], done[True]

    def _add(self, count, finished):
        if count <= 0:
            return
        columns = self._sql("SELECT string_agg(column_name, ',' ORDER BY ordinal_position) FROM "
                            "information_schema.columns WHERE table_schema = 'dispatch' AND "
                            "table_name = 'message'")[0].split(",")
        values = {"msg_id": "g.id", "due_time": "g.due", "shard": "dispatch.shard_of(g.id)",
                  "request_key": "''"}
        row = ",".join(values.get(column, f"m.{column}") for column in columns)
        ids = (f"SELECT (m.msg_id >> 47 << 47) | ((i % 4) << 39) | i AS id, clock_timestamp() - "
               f"interval '1 hour' + (i - {1 << 34}) * interval '1 microsecond' AS due "
               f"FROM public.pattern m, "
               f"generate_series({self._next}::int8, {self._next + count - 1}) i")
        self._next += count
        stored = ("INSERT INTO dispatch.result (msg_id, claim_id, record_time, shard, "
                  "delivery_count, attempt, kind, reason, reply_code, transport) "
                  "SELECT id, 1, due, dispatch.shard_of(id), 1, 1, 1, 0, 250, 'sink' FROM ids"
                  if finished else
                  "INSERT INTO dispatch.queue (due_time, msg_id, shard, lane) "
                  "SELECT due, id, dispatch.shard_of(id), 4 FROM ids")
        self._sql(f"WITH ids AS MATERIALIZED ({ids}), stored AS ({stored}) "
                  f"INSERT INTO dispatch.message SELECT {row} FROM public.pattern m, ids g")

    def empty(self):
        self._sql("TRUNCATE dispatch.queue, dispatch.message, dispatch.result, dispatch.claim")

    def close(self):
        self.empty()
        self._sql("DROP TABLE public.pattern")


def long_transaction(system, scale):
    """The drain while a transaction has held a snapshot for a long time, so that no dead row can be
    vacuumed."""
    before = _drains(system, scale)
    holder = system.database.session("lmsmail")
    holder("SET idle_in_transaction_session_timeout = 0")
    holder("BEGIN ISOLATION LEVEL REPEATABLE READ")
    holder("SELECT count(*) FROM dispatch.lane_lock")
    start, mails = time.monotonic(), 0
    while time.monotonic() - start < scale.long_transaction_seconds:
        system.load("bulk", run=system.new_run(), count=scale.drain)
        mails += scale.drain
    # The mail that was accepted meanwhile is sent first.
    while system.sql.number("SELECT count(*) FROM dispatch.claim"):
        time.sleep(0.1)
    during = _drains(system, scale)
    holder("COMMIT")
    holder.close()
    # For comparison: the same log with a vacuumed queue.
    system.sql("VACUUM")
    released = _drains(system, scale)
    return [Figure("long transaction", f"the drain {scale.long_transaction_seconds} s into a long transaction",
                   during["mails_per_second"], before["mails_per_second"], "mails/s", "before",
                   ">= 0.95", details={"mails_meanwhile": mails, "before": before, "during": during,
                                       "released": released})]


def _drains(system, scale):
    """The median of several drains and the CPU time per mail. If the speed of the machine drifts, the
    CPU time of each process relative to that of the sink, whose work is constant, is more significant
    than the rate."""
    runs = [drain_once(system, scale.drain) for _ in range(scale.repeats)]
    return {"mails_per_second": statistics.median(rate for rate, _ in runs),
            "runs": [rate for rate, _ in runs],
            "cpu_us_per_mail": {part: statistics.mean(cost[part] for _, cost in runs)
                                for part in runs[0][1]}}


def urgent(system, scale):
    """Receipts beside bulk mail: the latency of a receipt from Send to the server's 250, idle and
    while a million bulk mails are drained; what the receipts cost the drain; and the memory of
    dispatch during the drain."""
    _probe(system, 2)  # compiles the template, opens connections
    idle = _probe(system, scale.probe_seconds)
    system.fill(scale.urgent_bulk)
    total = system.sent() + scale.urgent_bulk
    memory = _MemoryWatch(system.services["dispatch"])
    system.load("resume")
    # Periods with and without receipts alternate, because the speed of the machine drifts.
    busy, rates = [], {"with": [], "without": []}
    period = min(5, scale.probe_seconds)
    while True:
        beside, rate = _bulk_rate(system, lambda: _send_probes(system, period))
        busy += _times_of(system, beside)
        _, alone = _bulk_rate(system, lambda: time.sleep(period))
        if system.sent() >= total:
            break
        rates["with"].append(rate)
        rates["without"].append(alone)
    used = memory.stop()
    quarter = max(1, len(used) // 4)
    first, last = statistics.mean(used[:quarter]), statistics.mean(used[-quarter:])
    latency = {"idle": _percentiles(idle), "busy": _percentiles(busy)}
    idle_p50, idle_p99 = (latency["idle"]["delivered"][share] for share in ("p50", "p99"))
    busy_p50, busy_p99 = (latency["busy"]["delivered"][share] for share in ("p50", "p99"))
    during = f"a drain of {scale.urgent_bulk:,}"
    return [
        Figure("urgent p99", f"Send to 250 during {during}", busy_p99, None, "ms",
               goal="ours <= 60", details=latency),
        Figure("urgent p99 vs idle", f"Send to 250 during {during}", busy_p99, idle_p99, "ms",
               "idle", "<= 5", details=latency),
        Figure("urgent median", f"Send to 250 during {during}", busy_p50, idle_p50, "ms", "idle",
               details=latency),
        Figure("bulk beside urgent", f"{during} with {PROBES_PER_SECOND} receipts a second",
               statistics.median(rates["with"]), statistics.median(rates["without"]), "mails/s",
               "without receipts", ">= 0.9", details=rates),
        Figure("memory", f"dispatch during {during}", max(used), None, "MB", goal="ours <= 100"),
        Figure("memory growth", f"dispatch during {during}: last quarter", last, first, "MB",
               "the first quarter", "<= 1.1", details={"samples_mb": used[::max(1, quarter // 4)]}),
    ]


def _bulk_rate(system, run):
    """Runs `run`. Returns its result and the mails per second that the server accepted meanwhile."""
    start, accepted = time.monotonic(), system.sink.accepted()
    result = run()
    return result, (system.sink.accepted() - accepted) / (time.monotonic() - start)


def _probe(system, seconds):
    """Sends receipts at a constant rate. Returns pairs of milliseconds from Send to its response and
    to the 250."""
    return _times_of(system, _send_probes(system, seconds))


def _send_probes(system, seconds):
    """Returns the time of each call and that of its response, in microseconds, by message."""
    log = system.folder / "probes"
    system.load("probes", run=system.new_run(), count=int(seconds * PROBES_PER_SECOND),
                interval=f"{1000 // PROBES_PER_SECOND}ms", log=log)
    lines = (line.split() for line in log.read_text().splitlines())
    return {message_id: (int(start), int(end)) for start, end, message_id in lines}


def _times_of(system, probes):
    deadline = time.monotonic() + 60
    while True:
        lines = (line.split() for line in system.sink.ledger.read_text().splitlines())
        received = {message_id: int(at) for at, _, message_id, _ in lines if message_id in probes}
        if len(received) == len(probes):
            return [((end - start) / 1000, (received[message_id] - start) / 1000)
                    for message_id, (start, end) in probes.items()]
        if time.monotonic() > deadline:
            raise RuntimeError(f"{len(probes) - len(received)} receipts never arrived")
        time.sleep(0.05)


def _percentiles(probes):
    """Percentiles of the times to the response and to the 250."""
    return {what: {f"p{share}": percentile(times, share / 100) for share in (50, 90, 99)}
            for what, times in zip(("answered", "delivered"), zip(*probes))}


class _MemoryWatch:
    def __init__(self, watched):
        self._watched = watched
        self._samples = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stopped.wait(0.2):
            self._samples.append(self._watched.resident_mb())

    def stop(self):
        self._stopped.set()
        self._thread.join()
        return self._samples


def domain_limit(system, scale):
    """A limit of 100 mails per second for the students' domain, with one, two and four replicas: the
    mean rate, and the rate in the worst second."""
    limit, burst = 100, 10
    flags = ["--limits.domains.students.match=students.test",
             f"--limits.domains.students.rate_per_second={limit}",
             f"--limits.domains.students.burst={burst}"]
    figures = []
    for replicas in (1, 2, 4):
        mails = limit * (scale.limit_seconds + 10)
        total = system.sent() + mails
        system.fill(mails)
        system.stop("dispatch")
        system.start("dispatch", *flags)
        others = [f"dispatch-{number}" for number in range(2, replicas + 1)]
        for other in others:
            system.start("dispatch", *flags, name=other)
        system.load("resume")
        rates = _rates_each_second(system, scale.limit_seconds)
        for name in [*others, "dispatch"]:
            system.stop(name)
        system.start("dispatch")
        system.wait_sent(total)
        what = f"mails per second to a domain limited to {limit}, {replicas} replicas"
        figures += [
            Figure(f"domain limit x{replicas}", what, statistics.mean(rates), limit, "mails/s",
                   "the limit", ">= 0.95", details={"each_second": rates}),
            Figure(f"domain limit x{replicas} peak", what + ": worst second", max(rates),
                   limit + burst, "mails/s", "limit and burst", "<= 1.05")]
    return figures


def _rates_each_second(system, seconds):
    """The mails that the sink accepted in each of `seconds` seconds, after two seconds of warm-up."""
    time.sleep(2)
    rates = []
    at, accepted = time.monotonic(), system.sink.accepted()
    for _ in range(seconds):
        time.sleep(max(0, at + 1 - time.monotonic()))
        now, count = time.monotonic(), system.sink.accepted()
        rates.append((count - accepted) / (now - at))
        at, accepted = now, count
    return rates
