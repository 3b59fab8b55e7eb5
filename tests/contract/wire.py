# SPDX-License-Identifier: Apache-2.0
"""A request as bytes, and the bytes of its answer: the contract is about what a client library would tidy up."""
import contextlib
import json

import replay
from livy import Answer

HOST = "contract.test"


def body_bytes(body):
    return body if body is None or isinstance(body, bytes) else json.dumps(body).encode()


def filled(value, known):
    if not isinstance(value, bytes):
        return replay.fill(value, known)
    for name, text in known.items():
        value = value.replace(b"${%s}" % name.encode(), str(text).encode())
    return value


def chunks(body):
    middle = len(body) // 2
    pieces = [piece for piece in (body[:middle], body[middle:]) if piece]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def request_bytes(request, known):
    """Head and body."""
    body = body_bytes(filled(request.body, known))
    headers = {"Host": HOST, "Connection": "close", "Content-Type": "application/json"}
    if request.chunked:
        headers["Transfer-Encoding"] = "chunked"
        body = chunks(body)
    elif body is not None or request.method == "POST":
        headers["Content-Length"] = len(body or b"")
    headers.update(request.headers)
    lines = [f"{request.method} {replay.fill(request.path, known)} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n", body or b""


def unchunked(data):
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        body += data[:int(size, 16)]
        if int(size, 16) == 0:
            return body
        data = data[int(size, 16) + 2:]
    raise AssertionError("the chunks have no end")


def parse(received):
    """The final answer; 1xx ones go before it. Nothing is made good: a header that comes twice is a failure."""
    while received.startswith(b"HTTP/1.1 1"):
        received = received.partition(b"\r\n\r\n")[2]
    start, end, body = received.partition(b"\r\n\r\n")
    assert start.startswith(b"HTTP/1.1 ") and end, f"no answer: {received[:300]!r}"
    status_line, *lines = start.decode("latin-1").split("\r\n")
    headers = [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "") for line in lines]
    names = [name.lower() for name, _ in headers]
    assert len(names) == len(set(names)), f"a header twice: {lines}"
    answer = Answer(int(status_line.split()[1]), headers, body)
    if answer.headers.get("transfer-encoding") == "chunked":
        answer.body = unchunked(body)
    return answer


def send(livy, request, known):
    """livy: lib/livy.py's client, which knows where to connect to."""
    start, body = request_bytes(request, known)
    if not request.waits_for_100:
        return parse(livy.raw(start + body))
    with contextlib.closing(livy.connect()) as connection:
        connection.sendall(start)
        interim = connection.recv(4096)
        assert interim.startswith(b"HTTP/1.1 100 "), interim
        connection.sendall(body)
        return parse(livy.read_all(connection))
