"""anymail_check.py FILE: what the views of django-anymail make of the webhooks in FILE.

Each line of FILE is {"provider": ..., "body": ...}. Prints a line of JSON for each: the event, or null
where the view fails.
"""

import json
import sys

import django
from django.conf import settings

settings.configure(ANYMAIL={"MAILGUN_WEBHOOK_SIGNING_KEY": "key"})
django.setup()

from anymail.webhooks.mailgun import MailgunTrackingWebhookView  # noqa: E402
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView  # noqa: E402
from django.test import RequestFactory  # noqa: E402

VIEWS = {"mailgun": MailgunTrackingWebhookView(), "sendgrid": SendGridTrackingWebhookView()}


def events_of(provider, body):
    request = RequestFactory().post("/", data=body.encode(), content_type="application/json")
    return VIEWS[provider].parse_events(request)


def main():
    for line in open(sys.argv[1], encoding="utf-8"):
        case = json.loads(line)
        try:
            (event,) = events_of(case["provider"], case["body"])
        except Exception:  # The view of a real site would answer with 500.
            print("null")
            continue
        print(json.dumps({
            "type": event.event_type, "reason": event.reject_reason or "", "recipient": event.recipient or "",
            "time": round(event.timestamp.timestamp() * 1e6) if event.timestamp else None}))


main()
