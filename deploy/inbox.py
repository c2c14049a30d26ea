#!/usr/bin/python3
"""A local SMTP inbox: accepts every mail and keeps each as an .eml file.

    inbox.py --dir DIR [--port 0] [--port-file FILE]

Listens on 127.0.0.1 only. The files are named by arrival, 000001-<recipient>.eml, and appear whole.
Each begins with the envelope in two headers of ours, X-Inbox-From and X-Inbox-To; what follows is the
mail byte for byte.
"""

import argparse
import itertools
import os
import re
import signal
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Inbox:
    def __init__(self, directory):
        self.directory = directory
        taken = [int(m[1]) for m in map(re.compile(r"(\d{6})-.*\.eml$").match, os.listdir(directory)) if m]
        self.numbers = itertools.count(max(taken, default=0) + 1)

    async def handle_DATA(self, server, session, envelope):
        number = next(self.numbers)
        recipient = re.sub(r"[^A-Za-z0-9@._-]", "_", envelope.rcpt_tos[0])[:100]
        path = os.path.join(self.directory, f"{number:06}-{recipient}.eml")
        head = f"X-Inbox-From: {envelope.mail_from}\r\nX-Inbox-To: {', '.join(envelope.rcpt_tos)}\r\n"
        with open(path + ".part", "wb") as file:
            file.write(head.encode() + envelope.original_content)
        os.rename(path + ".part", path)
        return f"250 2.0.0 kept as {os.path.basename(path)}"


class LoopbackController(Controller):
    def factory(self):
        return SMTP(self.handler, hostname="inbox.localhost", enable_SMTPUTF8=True,
                    data_size_limit=32 << 20)


def main():
    arguments = argparse.ArgumentParser(description="A local SMTP inbox that keeps mail as files.")
    arguments.add_argument("--dir", required=True)
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--port-file")
    options = arguments.parse_args()

    os.makedirs(options.dir, exist_ok=True)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())

    controller = LoopbackController(Inbox(options.dir), hostname="127.0.0.1", port=options.port)
    if options.port == 0:
        # aiosmtpd probes the port it was given; let the kernel choose one first.
        import socket

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            controller.port = probe.getsockname()[1]
    controller.start()
    print(f"inbox listens on 127.0.0.1:{controller.port}, keeps mail in {options.dir}", flush=True)
    if options.port_file:
        with open(options.port_file + ".part", "w") as file:
            file.write(str(controller.port))
        os.rename(options.port_file + ".part", options.port_file)
    stopped.wait()
    controller.stop()


if __name__ == "__main__":
    main()
