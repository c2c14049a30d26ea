#!/usr/bin/python3
"""A local SMTP inbox that accepts every mail and stores each as an .eml file.

    inbox.py serve --dir DIR [--host 127.0.0.1] [--port 0] [--port-file FILE]
    inbox.py list --dir DIR

Files are named in order of arrival, 000001-<recipient>.eml, and appear atomically; only their owner can
read them. Each begins with the envelope as two extra headers, X-Inbox-From and X-Inbox-To, followed by
the unchanged mail.
"""

import argparse
import email
import email.policy
import itertools
import os
import re
import signal
import socket
import threading


def mails(directory):
    """The file names of the stored mails, in order of arrival."""
    return sorted(name for name in os.listdir(directory) if re.match(r"\d{6}-.*\.eml$", name))


class Inbox:
    def __init__(self, directory):
        self.directory = directory
        last = mails(directory)[-1:] or ["0-"]
        self.numbers = itertools.count(int(last[0].split("-")[0]) + 1)

    async def handle_DATA(self, server, session, envelope):
        recipient = re.sub(r"[^A-Za-z0-9@._-]", "_", envelope.rcpt_tos[0])[:100]
        path = os.path.join(self.directory, f"{next(self.numbers):06}-{recipient}.eml")
        head = f"X-Inbox-From: {envelope.mail_from}\r\nX-Inbox-To: {', '.join(envelope.rcpt_tos)}\r\n"
        with open(path + ".part", "wb") as file:
            file.write(head.encode() + envelope.original_content)
        os.rename(path + ".part", path)
        return f"250 2.0.0 stored as {os.path.basename(path)}"


def free_port(host):
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def serve(options):
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP

    class InboxController(Controller):
        def factory(self):
            return SMTP(self.handler, hostname="inbox.localhost", enable_SMTPUTF8=True,
                        data_size_limit=32 << 20)

    os.umask(0o077)
    os.makedirs(options.dir, exist_ok=True)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())

    controller = InboxController(Inbox(options.dir), hostname=options.host,
                                 port=options.port or free_port(options.host))
    controller.start()
    print(f"listens on {options.host}:{controller.port}, stores mail in {options.dir}", flush=True)
    if options.port_file:
        with open(options.port_file + ".part", "w") as file:
            file.write(str(controller.port))
        os.rename(options.port_file + ".part", options.port_file)
    stopped.wait()
    controller.stop()


def show(options):
    for name in mails(options.dir):
        with open(os.path.join(options.dir, name), "rb") as file:
            mail = email.message_from_binary_file(file, policy=email.policy.default)
        address = name[len("000000-"):-len(".eml")]
        print(f"{name[:6]}  {address:32}  {mail['Subject']}")


def main():
    parser = argparse.ArgumentParser(description="A local SMTP inbox that stores mail as files.")
    commands = parser.add_subparsers(required=True)
    server = commands.add_parser("serve", help="accept mail until SIGTERM")
    server.add_argument("--dir", required=True)
    server.add_argument("--host", default="127.0.0.1", help="address to listen on")
    server.add_argument("--port", type=int, default=0, help="0 takes a free port")
    server.add_argument("--port-file", help="file that the port is written to")
    server.set_defaults(run=serve)
    lister = commands.add_parser("list", help="list the stored mails")
    lister.add_argument("--dir", required=True)
    lister.set_defaults(run=show)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
