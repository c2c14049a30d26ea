"""Processes of the test cluster, and waiting for what they do.

Nothing here ends a process: the cluster runs in a PID namespace whose end kills them all.
"""

import pathlib
import subprocess
import time


def run(*command, text=None, check=True):
    """Runs a command with this standard input and returns its standard output."""
    done = subprocess.run([str(word) for word in command], input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed: {(done.stdout + done.stderr).strip()[-2000:]}")
    return done.stdout


def start(log, *command):
    """Starts a command in the background, whose output goes to the file."""
    pathlib.Path(log).parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as file:
        return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                stdout=file, stderr=file, start_new_session=True)


def wait_until(what, done, seconds):
    """Calls `done` until it returns something true, which is returned. An exception counts as false."""
    deadline = time.monotonic() + seconds
    reason = ""
    while True:
        try:
            result = done()
            if result:
                return result
        except Exception as error:  # pylint: disable=broad-except  # the reason of a time-out
            reason = f": {error}"
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} within {seconds} s{reason}")
        time.sleep(0.2)
