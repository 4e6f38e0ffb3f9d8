"""The loop that tests run on."""

import asyncio
import socket


async def test_a_connection_accepted_as_its_server_closes_is_closed() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
    woken, waking = socket.socketpair()
    # Both are found readable in one turn, the connection first.
    with woken, waking, socket.create_connection(server.sockets[0].getsockname()) as connection:
        closed = asyncio.Event()

        def close() -> None:
            loop.remove_reader(woken)
            server.close()
            closed.set()

        loop.add_reader(woken, close)
        waking.send(b"!")
        await closed.wait()
        connection.setblocking(False)
        async with asyncio.timeout(5):
            assert await loop.sock_recv(connection, 1) == b""
