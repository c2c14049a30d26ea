"""The trial works: as processes, see rehearsal.py."""

import os
import sys
import unittest

from rehearsal import POSTGRESQL, Rehearsal, leave_the_machine, wait_until

GATEWAY = "https://localhost:8081"
QUEUE_STATS = GATEWAY + "/lmsmail.dispatch.v1.DispatchService/GetQueueStats"


class RehearsalTest(unittest.TestCase):
    def test_the_trial(self):
        """One test, because each step needs the ones before."""
        with Rehearsal() as trial:
            trial.start_postgresql()
            trial.migrate()
            trial.migrate()  # as a second time or beside old pods
            trial.start_services()
            try:
                wait_until("gateway that is ready", lambda: trial.get(GATEWAY + "/readyz") == 200)
                wait_until("mail", lambda: trial.smoke() == 0, seconds=90)
                self.assertIn("read back", trial.log("smoke"))
                for port in (9101, 9102, 9103, 9104, 9105, 9106):
                    self.assertEqual(trial.get(f"https://localhost:{port}/metrics", "monitor"), 200, port)
                    self.assertEqual(trial.get(f"https://localhost:{port}/metrics"), 401, port)
                self.assertEqual(trial.get(QUEUE_STATS, "operator", b"{}"), 200)
                self.assertEqual(trial.get(QUEUE_STATS, body=b"{}"), 401)
                self.assertEqual(set(trial.stop().values()), {0})
            except BaseException:
                for name in trial.processes:
                    lines = [line for line in trial.log(name).splitlines() if '"configured"' not in line]
                    print(f"--- {name}", *lines[-20:], sep="\n")
                raise


if __name__ == "__main__":
    if os.geteuid() or not POSTGRESQL.exists():
        print("SKIPPED: the trial was NOT rehearsed, because that needs root and PostgreSQL 15")
        sys.exit(77)
    leave_the_machine()
    unittest.main(verbosity=2)
