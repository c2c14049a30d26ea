"""Runs aiosmtpd on a free port of 127.0.0.1 and prints what it receives, one JSON object a line.

Usage: aiosmtpd_server.py [EXCLUDED_AUTH_MECHANISM...]

The first line is {"port": N}, then comes one line for each mail. Exits when its standard input is
closed.
"""

import asyncio
import base64
import json
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def write(record):
    print(json.dumps(record), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("unknown@"):
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        write({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "options": envelope.mail_options,
            "content": base64.b64encode(envelope.original_content).decode(),
        })
        return "250 2.0.0 Queued"


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data == LoginPassword(b"user", b"secret")
    return AuthResult(success=good, handled=good)  # not handled: aiosmtpd replies 535


async def main():
    def make_smtp():
        return SMTP(Handler(), enable_SMTPUTF8=True, authenticator=authenticate,
                    auth_require_tls=False, auth_exclude_mechanism=sys.argv[1:],
                    hostname="aiosmtpd.test")

    loop = asyncio.get_running_loop()
    server = await loop.create_server(make_smtp, host="127.0.0.1", port=0)
    write({"port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
