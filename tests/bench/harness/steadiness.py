"""What must not change however much is queued, finished or going on."""

import statistics
import subprocess
import threading
import time

from harness import process
from harness.figure import Figure, percentile
from harness.throughput import drain_once

PROBES_A_SECOND = 50


def flat(system, scale):
    """How long a claim takes with little in the tables, and with millions."""
    # One real mail is the pattern of all rows; claiming happens here, so dispatch must not.
    drain_once(system, 1)
    dispatch = _Tables(system)
    system.stop("dispatch")
    try:
        # Half of it before and half after: the machine's speed drifts meanwhile.
        small = dispatch.claims(scale.claims // 2, pending=10_000)
        pending, finished = dispatch.grow(scale.flat_pending, scale.flat_finished,
                                          scale.flat_patience)
        large = dispatch.claims(scale.claims)
        dispatch.empty()
        for step, times in dispatch.claims(scale.claims // 2, pending=10_000).items():
            small[step] += times
    finally:
        dispatch.close()
        system.start("dispatch")
    details = {"pending": pending, "finished": finished}
    for step in ("claim_ms", "flush_ms"):
        details[step] = {
            which: {"p50": percentile(run[step], 0.5), "p99": percentile(run[step], 0.99)}
            for which, run in (("small", small), ("large", large))}
    return [Figure("flat", f"claim p99 with {pending:,} pending and {finished:,} finished",
                   percentile(large["claim_ms"], 0.99), percentile(small["claim_ms"], 0.99), "ms",
                   "with 10,000", "<= 1.5", details=details)]


class _Tables:
    """Dispatch's tables, filled past the service: millions would take it too long."""

    CHUNK = 250_000

    def __init__(self, system):
        self._system = system
        self._sql = system.sql
        self._next = 1 << 34  # far above the service's own numbers
        self._sql("CREATE TABLE public.pattern AS SELECT * FROM dispatch.message "
                  "ORDER BY create_time DESC LIMIT 1")

    def claims(self, count, pending=None):
        """Claims of 500 mails each, recorded as sent. With `pending`, that many wait at the start of
        every tenth."""
        runs = {"claim_ms": [], "flush_ms": []}
        for _ in range(0, count, 10):
            if pending:
                waiting = self._sql.number("SELECT count(*) FROM dispatch.queue")
                self._add(int(pending - waiting), finished=False)
            run = process.run_json([
                self._system.binaries / "lmsmail-claim-probe", "--cycles=12",
                f"--dsn={self._system.database.dsn('lmsmail_dispatch')}"])
            for step in runs:
                runs[step] += run[step][2:]  # connecting and planning are no part of it
        return runs

    def grow(self, pending, finished, patience):
        """Adds rows until there are that many, or `patience` seconds have passed."""
        deadline = time.monotonic() + patience
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


def pinned(system, scale):
    """The drain while somebody has held a snapshot open for long, so that nothing can be vacuumed."""
    before = _drains(system, scale)
    holder = system.database.session("lmsmail")
    holder("SET idle_in_transaction_session_timeout = 0")
    holder("BEGIN ISOLATION LEVEL REPEATABLE READ")
    holder("SELECT count(*) FROM dispatch.lane_lock")
    start, mails = time.monotonic(), 0
    while time.monotonic() - start < scale.pinned_seconds:
        system.load("bulk", run=system.new_run(), count=scale.drain)
        mails += scale.drain
    # What was accepted meanwhile goes first.
    while system.sql.number("SELECT count(*) FROM dispatch.claim"):
        time.sleep(0.1)
    held = _drains(system, scale)
    holder("COMMIT")
    holder.close()
    # For comparison: with the same log, and all of the queue vacuumed.
    system.sql("VACUUM")
    released = _drains(system, scale)
    return [Figure("pinned snapshot", f"the drain {scale.pinned_seconds} s into a held snapshot",
                   held["mails_per_second"], before["mails_per_second"], "mails/s", "before",
                   ">= 0.95", details={"mails_meanwhile": mails, "before": before, "held": held,
                                       "released": released})]


def _drains(system, scale):
    """The median of several, and what a mail cost: where a machine's speed wanders, how the parts'
    costs change beside the sink's, whose work is always the same, says more than the speed."""
    runs = [drain_once(system, scale.drain) for _ in range(scale.repeats)]
    return {"mails_per_second": statistics.median(rate for rate, _ in runs),
            "runs": [rate for rate, _ in runs],
            "cpu_us_per_mail": {part: statistics.mean(cost[part] for _, cost in runs)
                                for part in runs[0][1]}}


def urgent(system, scale):
    """A receipt from Send to the server's 250, idle and while a million bulk mails are drained; and
    what dispatch's memory does meanwhile."""
    _probe(system, 2)  # compiles the template, opens connections
    idle = _probe(system, scale.probe_seconds)
    system.fill(scale.urgent_bulk)
    total = system.sent() + scale.urgent_bulk
    memory = _MemoryWatch(system.services["dispatch"])
    system.load("resume")
    busy, start = [], time.monotonic()
    while system.sent() < total:
        busy += _probe(system, min(5, scale.probe_seconds))
    drained = scale.urgent_bulk / (time.monotonic() - start)
    used = memory.stop()
    quarter = max(1, len(used) // 4)
    first, last = statistics.mean(used[:quarter]), statistics.mean(used[-quarter:])
    spread = {"idle": _spread(idle), "busy": _spread(busy), "drained_per_second": drained}
    busy_p99, idle_p99 = (spread[when]["delivered"]["p99"] for when in ("busy", "idle"))
    during = f"a drain of {scale.urgent_bulk:,}"
    return [
        Figure("urgent p99", f"Send to 250 during {during}", busy_p99, None, "ms",
               goal="ours <= 250", details=spread),
        Figure("urgent p99 to idle", f"Send to 250 during {during}", busy_p99, idle_p99, "ms",
               "idle", "<= 5", details=spread),
        Figure("memory", f"dispatch during {during}", max(used), None, "MB", goal="ours <= 100"),
        Figure("memory growth", f"dispatch during {during}: last quarter", last, first, "MB",
               "the first quarter", "<= 1.1", details={"samples_mb": used[::max(1, quarter // 4)]}),
    ]


def _probe(system, seconds):
    """Receipts sent at a steady rate: pairs of milliseconds, from Send to its answer and to 250."""
    log = system.folder / "probes"
    system.load("probes", run=system.new_run(), count=int(seconds * PROBES_A_SECOND),
                interval=f"{1000 // PROBES_A_SECOND}ms", log=log)
    begun, answered = {}, {}
    for line in log.read_text().splitlines():
        start, end, message_id = line.split()
        begun[message_id], answered[message_id] = int(start), int(end)
    deadline = time.monotonic() + 60
    while True:
        taken = {}
        for line in system.sink.ledger.read_text().splitlines():
            at, _, message_id, _ = line.split()
            if message_id in begun:
                taken[message_id] = int(at)
        if len(taken) == len(begun):
            return [((answered[message_id] - at) / 1000, (taken[message_id] - at) / 1000)
                    for message_id, at in begun.items()]
        if time.monotonic() > deadline:
            raise RuntimeError(f"{len(begun) - len(taken)} receipts never arrived")
        time.sleep(0.05)


def _spread(probes):
    """Of the times to the answer and to the 250."""
    return {what: {f"p{share}": percentile(times, share / 100) for share in (50, 90, 99)}
            for what, times in zip(("answered", "delivered"), zip(*probes))}


class _MemoryWatch:
    def __init__(self, watched):
        self._watched = watched
        self._samples = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._over.wait(0.2):
            self._samples.append(self._watched.resident_mb())

    def stop(self):
        self._over.set()
        self._thread.join()
        return self._samples


def domain_limit(system, scale):
    """A limit of 100 mails a second for the students' domain, with one, two and four replicas: how
    much of it is used, and what the worst second sees."""
    said = subprocess.run([system.binaries / "lmsmail-dispatch", "--help"], capture_output=True,
                          text=True, check=False).stdout
    if "limits.domains" not in said:
        return [Figure("domain limit", "100/s to one domain", note="not built yet")]
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
        what = f"mails a second to a domain limited to {limit}, {replicas} replicas"
        figures += [
            Figure(f"domain limit x{replicas}", what, statistics.mean(rates), limit, "mails/s",
                   "the limit", ">= 0.95", details={"each_second": rates}),
            Figure(f"domain limit x{replicas} peak", what + ": worst second", max(rates),
                   limit + burst, "mails/s", "limit and burst", "<= 1.05")]
    return figures


def _rates_each_second(system, seconds):
    """How many mails the sink took in each of so many seconds, after two of getting going."""
    time.sleep(2)
    rates = []
    at, accepted = time.monotonic(), system.sink.accepted()
    for _ in range(seconds):
        time.sleep(max(0, at + 1 - time.monotonic()))
        now, count = time.monotonic(), system.sink.accepted()
        rates.append((count - accepted) / (now - at))
        at, accepted = now, count
    return rates
