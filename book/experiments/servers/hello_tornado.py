"""X01: hello over HTTP as Tornado's documentation writes it, on one thread."""

import asyncio
import logging
import platform

import tornado
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler


class Hello(RequestHandler):
    def get(self):
        self.set_header("Content-Type", "text/plain")
        self.write("Hello, world!")


async def main():
    # A line of log for each request is not what is measured.
    logging.getLogger("tornado.access").disabled = True
    sockets = bind_sockets(0, "127.0.0.1", backlog=1024)
    server = HTTPServer(Application([("/", Hello)]))
    server.add_sockets(sockets)
    port = sockets[0].getsockname()[1]
    print(port, f"{tornado.version}, Python {platform.python_version()}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
