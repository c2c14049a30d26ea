"""Mail that flows through an installed release: payments that an LMS reports, and the receipts that arrive."""

import collections
import email
import json
import pathlib
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request

from chart import ROOT

sys.path.insert(0, str(ROOT / "tests/helm/cluster"))
# pylint: disable=wrong-import-position
from processes import start, wait_until

STUDENTS = 20
PAUSE = 0.03  # seconds between two payments


class Refused(Exception):
    """The service answered with an error."""


class Lms:
    """A caller of the JSON API at the address `url`."""

    def __init__(self, url, authorities, token):
        self.url = url
        self.token = token
        self._context = ssl.create_default_context(cadata=authorities)

    def call(self, method, message):
        """Calls a method, such as "scheduler.v1.SchedulerService/PublishEvents"."""
        request = urllib.request.Request(f"{self.url}/lmsmail.{method}", data=json.dumps(message).encode(), headers={
            "Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=10) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            raise Refused(f"{method}: {error.code} {error.read().decode()}") from error

    def register(self):
        """Tells of the students who pay."""
        answer = self.call("preference.v1.PreferenceService/UpsertRecipients", {"recipients": [
            {"name": f"recipients/student-{number}", "emailAddress": f"student-{number}@students.example",
             "displayName": "Zoë Lindqvist"} for number in range(STUDENTS)]})
        return answer

    def pay(self, payment):
        """Reports a payment, `payment` being its id. Raises if it was not accepted."""
        number = int(payment.rsplit("-", 1)[1])
        answer = self.call("scheduler.v1.SchedulerService/PublishEvents", {"events": [{
            "eventId": payment, "paymentSucceeded": {
                "student": f"recipients/student-{number % STUDENTS}", "paymentId": payment, "amountMinor": 14900,
                "currencyCode": "EUR", "description": "Statistics Without Fear"}}]})
        status = answer["results"][0].get("status", {})
        if status.get("code"):
            raise Refused(f"PublishEvents: {status}")


class Payments(threading.Thread):
    """Reports payments until `stop`, each again until it is accepted, as an LMS would."""

    def __init__(self, lms, prefix):
        super().__init__(daemon=True)
        self.accepted = 0
        self.errors = collections.Counter()  # of calls that were repeated
        self._lms = lms
        self._prefix = prefix
        self._stopping = threading.Event()
        self.start()

    def run(self):
        while not self._stopping.is_set():
            try:
                self._lms.pay(f"{self._prefix}-{self.accepted}")
                self.accepted += 1
                time.sleep(PAUSE)
            except (Refused, OSError) as error:
                self.errors[str(error)] += 1
                time.sleep(0.2)

    def stop(self):
        self._stopping.set()
        self.join()


class Inbox:
    """An SMTP server that keeps what it gets."""

    PORT = 2525

    def __init__(self, folder, address):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self._ids = {}  # by file
        start(self.folder.with_suffix(".log"), "/usr/bin/python3", ROOT / "deploy/inbox.py", "serve",
              "--dir", self.folder, "--host", address, "--port", self.PORT)

    def count(self):
        """Returns how many mails arrived, and how many different ones."""
        for path in self.folder.glob("*.eml"):
            if path.name not in self._ids:
                with open(path, "rb") as file:
                    self._ids[path.name] = email.message_from_binary_file(file)["Message-ID"]
        return len(self._ids), len(set(self._ids.values()))


class Account:
    """What became of the payments of one step: `payments` were accepted, after `errors`."""

    def __init__(self, lms, inbox, prefix):
        self._inbox = inbox
        self._before = inbox.count()
        self._flow = Payments(lms, prefix)

    @property
    def payments(self):
        return self._flow.accepted

    @property
    def errors(self):
        """What the calls that were repeated failed with, and how often."""
        return self._flow.errors

    def goes_on(self, count=20, seconds=120):
        """Waits until so many more payments were accepted."""
        goal = self.payments + count
        wait_until(f"{count} accepted payments", lambda: self.payments >= goal, seconds)

    def close(self, seconds=180):
        """Ends the flow and waits for the receipts. Returns how many are lost and how many came twice."""
        self._flow.stop()
        try:
            wait_until("receipt of each payment", lambda: self._arrived()[1] >= self.payments, seconds)
            time.sleep(3)  # a mail that is sent twice arrives by then
        except TimeoutError:
            pass  # what is missing is counted
        total, distinct = self._arrived()
        return self.payments - distinct, total - distinct

    def _arrived(self):
        return tuple(now - before for now, before in zip(self._inbox.count(), self._before))
