"""Child processes and their resource usage."""

import json
import os
import pathlib
import signal
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def apply_nice_value(pid):
    """Applies our nice value to the session of a process. If the kernel groups processes by session
    (sched_autogroup_enabled), the nice value of a process only applies within its session, and the
    session has its own; see sched(7)."""
    try:
        pathlib.Path(f"/proc/{pid}/autogroup").write_text(str(os.nice(0)))
    except OSError:
        pass  # autogrouping is off, or not permitted


class Process:
    """A program that runs until stop(). Its output goes to a file."""

    def __init__(self, argv, log, user=None):
        self.log = pathlib.Path(log)
        self._file = self.log.open("wb")
        self._process = subprocess.Popen(
            [str(part) for part in argv], stdin=subprocess.DEVNULL, stdout=self._file,
            stderr=subprocess.STDOUT, start_new_session=True, user=user, group=user,
            extra_groups=[] if user else None,
            env={"LANG": "C.UTF-8", "PATH": os.environ["PATH"]})
        if os.nice(0) != 0:
            apply_nice_value(self.pid)

    @property
    def pid(self):
        return self._process.pid

    def line_with(self, text, timeout=30):
        """Waits for a line of output with `text` and returns it."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for line in self.log.read_text(errors="replace").splitlines():
                if text in line:
                    return line
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"no {text!r} in {self.log}:\n{self.tail()}")

    def tail(self, lines=15):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def running(self):
        return self._process.poll() is None

    def stop(self, number=signal.SIGTERM, timeout=40):
        if self.running():
            self._process.send_signal(number)
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._file.close()

    def cpu_seconds(self):
        """CPU time of the process and its children, including those that have ended."""
        return sum(_cpu_ticks(pid) for pid in [self.pid, *self.children()]) / TICKS

    def thread_cpu_seconds(self, name):
        """CPU time of the running threads whose names begin with `name`."""
        tasks = pathlib.Path(f"/proc/{self.pid}/task")
        return sum(_cpu_ticks(f"{self.pid}/task/{task.name}") for task in tasks.iterdir()
                   if (task / "comm").read_text().startswith(name)) / TICKS

    def children(self):
        return _children(self.pid)

    def resident_mb(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0


def _children(pid):
    try:
        return [int(child) for child in
                pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _cpu_ticks(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    # utime, stime, cutime, cstime: fields 14 to 17 of proc(5); the name in brackets may contain spaces.
    return sum(int(field) for field in stat.rpartition(")")[2].split()[11:15])


def run_json(argv):
    """Runs a program and returns the JSON of its last line of output."""
    done = subprocess.run([str(part) for part in argv], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{argv[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout.strip().splitlines()[-1])
