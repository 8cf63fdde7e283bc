"""X01: hello over HTTP on asyncio's streams, with nothing but Python."""

import asyncio
import platform

HELLO = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: text/plain\r\n"
    b"Content-Length: 13\r\n"
    b"\r\n"
    b"Hello, world!"
)


async def connection(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(HELLO)
            await writer.drain()
            if b"\r\nconnection: close\r\n" in head.lower():
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(connection, "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    print(port, f"streams, Python {platform.python_version()}", flush=True)
    await server.serve_forever()


asyncio.run(main())
