"""Runs aiosmtpd on a free port of 127.0.0.1 and tells what it receives, one JSON object a line.

The first line is {"port": N}, then one line per mail. Ends when its standard input does.
"""

import asyncio
import base64
import json
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def tell(what):
    print(json.dumps(what), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("unknown@"):
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        tell({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "options": envelope.mail_options,
            "content": base64.b64encode(envelope.original_content).decode(),
        })
        return "250 2.0.0 Queued"


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data == LoginPassword(b"user", b"secret")
    return AuthResult(success=good, handled=good)  # not handled: aiosmtpd answers 535


async def main():
    def make():
        return SMTP(Handler(), enable_SMTPUTF8=True, authenticator=authenticate,
                    auth_require_tls=False, hostname="aiosmtpd.test")

    loop = asyncio.get_running_loop()
    server = await loop.create_server(make, host="127.0.0.1", port=0)
    tell({"port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
