"""An HTTP instance by hand for tests that look at connections one by one: each is served in a thread of its own."""

import socket
import threading


class Listener:
    """`answer(connection)` of a subclass serves one connection until it returns; an end by the other side is none of its concern."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection = self.listener.accept()[0]
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                self.answer(connection)
            except OSError:
                pass


def head_of(connection, received):
    """The head of the next request and what came behind it; (None, b"") when the other side has ended."""
    while b"\r\n\r\n" not in received:
        if not (block := connection.recv(65536)):
            return None, b""
        received += block
    return received.split(b"\r\n\r\n", 1)
