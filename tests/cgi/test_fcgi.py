# SPDX-License-Identifier: Apache-2.0
"""How a worker ends a FastCGI connection, of which there is one a request."""
import contextlib
import socket

import pytest
from fastcgi import Worker, pair, record, request_bytes
from stack import program
from waiting import LIMIT_S


@contextlib.contextmanager
def front(stack):
    """A connection to a worker of its own."""
    with Worker(program("sparkgate-worker"), stack.config_file, stack.run) as worker:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(LIMIT_S)
            connection.connect(str(worker.path))
            yield connection


def answer(connection):
    """All that comes until the worker has nothing more to say."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("method, path, body, status", [("GET", "/healthz", b"", 200), ("POST", "/batches", b"{}", 400)])
def test_a_worker_lets_go_of_a_request_that_it_has_read_to_the_end(stack, method, path, body, status):
    """It is free for the next one, whenever the front closes: one with a thousand clients may be late."""
    with front(stack) as connection:
        connection.sendall(request_bytes(method, path, body))
        assert b"Status: %d" % status in answer(connection)
        with pytest.raises(BrokenPipeError):
            connection.sendall(b"nobody reads this")


def test_a_front_that_sends_more_than_it_announced_gets_the_whole_answer(stack):
    """Closed with unread bytes the connection would be reset, and the answer may be lost."""
    params = {"REQUEST_METHOD": "POST", "REQUEST_URI": "/batches", "CONTENT_LENGTH": "2", "SERVER_ADDR": "127.0.0.1"}
    more = record(5, b"x" * 50_000)
    with front(stack) as connection:
        connection.sendall(record(1, b"\0\1\0\0\0\0\0\0") + record(4, b"".join(map(pair, params, params.values()))) +
                           record(4) + 3 * more)
        assert b"Status: 400" in answer(connection)
