#!/usr/bin/python3
"""read_mail.py FILE...: reads mails that deploy/inbox.py stored, and prints them as the JSON of the
message ArrivedMails in arrived_mail.proto.

Python's `email` package shares no code with the product. The defects that its parser finds are
reported.
"""

import email
import email.policy
import json
import os
import re
import sys

# RFC 5322 section 3.6: at most one field of each, and the fields that are required.
SINGLE = {"from", "to", "subject", "date", "message-id", "reply-to", "mime-version",
          "content-type", "list-unsubscribe", "list-unsubscribe-post"}
REQUIRED = {"from", "to", "subject", "date", "message-id", "mime-version", "content-type"}


def split_envelope(raw):
    """Returns the sender and recipients that deploy/inbox.py put before the mail, and the mail."""
    sender, recipients, mail = raw.split(b"\r\n", 2)
    assert sender.startswith(b"X-Inbox-From: ") and recipients.startswith(b"X-Inbox-To: ")
    values = [line.decode().split(": ", 1)[1] for line in (sender, recipients)]
    return values[0], values[1].split(", "), mail


def octet_defects(raw):
    if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        yield "a line ends in a bare CR or LF"
    if raw and (max(raw) >= 0x80 or 0 in raw):
        yield "an octet is not 7-bit text"
    # RFC 5322 section 2.1.1
    if any(len(line) > 998 for line in raw.split(b"\r\n")):
        yield "a line is longer than 998 octets"


def header_defects(message):
    names = [name.lower() for name in message.keys()]
    for name in sorted(set(names)):
        if name in SINGLE and names.count(name) > 1:
            yield f"{name} occurs {names.count(name)} times"
    for name in sorted(REQUIRED - set(names)):
        yield f"{name} is missing"


def part_defects(message):
    for part in message.walk():
        for defect in part.defects:
            yield f"{part.get_content_type()}: {defect!r}"
        for name, value in part.items():
            for defect in value.defects:
                yield f"{name}: {defect!r}"


def content(message, subtype):
    part = message.get_body(preferencelist=(subtype,))
    return part.get_content() if part is not None else ""


def read(path):
    with open(path, "rb") as file:
        sender, recipients, raw = split_envelope(file.read())
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return {
        "file": os.path.basename(path),
        "envelopeFrom": sender,
        "envelopeTo": recipients,
        "header": {name.lower(): str(value) for name, value in message.items()},
        "contentTypes": [part.get_content_type() for part in message.walk()],
        "text": content(message, "plain"),
        "html": content(message, "html"),
        "defects": [*octet_defects(raw), *header_defects(message), *part_defects(message)],
    }


if __name__ == "__main__":
    print(json.dumps({"mails": [read(path) for path in sys.argv[1:]]}))
