"""A mail server on a free port of the loopback: writes its port, and then each mail that it takes, as lines of JSON.

Each line of standard input is the answer to the next mail, such as `451 later`; without one it is taken. The server ends with its
standard input, and so with the test that started it.
"""

import argparse
import asyncio
import json
import queue
import ssl
import sys
import threading

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", choices=["none", "starttls", "tls"], default="none")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--login", help="user:password that have to be shown")
    arguments = parser.parse_args()
    answers = queue.SimpleQueue()

    def say(value):
        print(json.dumps(value), flush=True)

    class Handler:
        async def handle_DATA(self, server, session, envelope):
            try:
                answer = answers.get_nowait()
            except queue.Empty:
                answer = "250 taken"
            say({
                "answer": answer,
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "data": envelope.content.decode("utf-8", "replace"),
                "tls": session.ssl is not None or arguments.tls == "tls",
                "user": session.auth_data and session.auth_data.login.decode(),
            })
            return answer

    def authenticate(server, session, envelope, mechanism, data):
        user, _, password = arguments.login.partition(":")
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=right, auth_data=data if right else None, handled=False)

    context = None
    if arguments.tls != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.key)

    def session():
        options = {}
        if arguments.tls == "starttls":
            options.update(tls_context=context, require_starttls=True)
        if arguments.login:
            # By TLS from the first byte the server knows of no TLS.
            options.update(authenticator=authenticate, auth_required=True, auth_require_tls=arguments.tls == "starttls")
        return SMTP(Handler(), hostname="localhost", **options)

    async def serve():
        loop = asyncio.get_running_loop()
        wrapped = context if arguments.tls == "tls" else None
        server = await loop.create_server(session, "127.0.0.1", 0, ssl=wrapped)
        say({"port": server.sockets[0].getsockname()[1]})
        ended = asyncio.Event()

        def listen():
            for line in sys.stdin:
                answers.put(line.strip())
                say({"heard": line.strip()})
            loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=listen, daemon=True).start()
        await ended.wait()

    asyncio.run(serve())


main()
