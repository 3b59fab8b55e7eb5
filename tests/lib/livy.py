# SPDX-License-Identifier: Apache-2.0
"""A client of the Livy API through nginx, and raw connections for what no client library would send."""
import contextlib
import http.client
import itertools
import json
import socket
import ssl

from waiting import LIMIT_S, wait_for

POLLS = itertools.count()
VISIBLE_S = 2.0  # how late a state may be shown


class Answer:
    """What any transport brings: status, headers by lower-case name, bytes."""

    def __init__(self, status, headers, body):
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers}

    @property
    def text(self):
        return self.body.decode(errors="replace")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.text[:500]}>"


class Livy:
    def __init__(self, port, host="127.0.0.1", scheme="http"):
        self.port, self.host, self.scheme = port, host, scheme
        self.url = f"{scheme}://{host}:{port}"

    def call(self, method, path, body=None, headers=None, timeout=LIMIT_S):
        """A connection each, as workers see it; the path to the letter; the body as bytes or what JSON is made of."""
        headers = {"Content-Type": "application/json", **(headers or {})}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        with contextlib.closing(http.client.HTTPConnection(self.host, self.port)) as connection:
            connection.sock = self.connect(timeout)
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, body, **more):
        return self.call("POST", "/batches", body, **more)

    def delete(self, path, **more):
        return self.call("DELETE", path, **more)

    def submit(self, **fields):
        """A batch that is accepted; its answer."""
        answer = self.post({"file": "local:///opt/app.py", **fields})
        assert answer.status == 201, answer.text
        return answer.json()

    def state(self, batch_id, fresh=True):
        """fresh: not what nginx has kept for other polls, which is for an address to the letter (nginx/polls.conf)."""
        answer = self.get(f"/batches/{batch_id}/state" + (f"?poll={next(POLLS)}" if fresh else ""))
        assert answer.status == 200, answer.text
        return answer.json()["state"]

    def connect(self, timeout=LIMIT_S):
        connection = socket.create_connection((self.host, self.port), timeout)
        if self.scheme == "https":
            return ssl.create_default_context().wrap_socket(connection, server_hostname=self.host)
        return connection

    @staticmethod
    def read_all(connection):
        """What comes until the server closes."""
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                received += chunk
        return received

    def raw(self, data, half_close=False, timeout=LIMIT_S):
        """Sends bytes as they are; the answer's bytes until the server closes."""
        with self.connect(timeout) as connection:
            # the server may have seen enough before the end; its answer may still be there
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(data)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            return self.read_all(connection)


def status_of(answer_bytes):
    """Of a raw answer; None when there is none."""
    words = answer_bytes.split(b" ", 2)
    return int(words[1]) if answer_bytes.startswith(b"HTTP/") else None


def becomes(livy, batch_id, state):
    wait_for(f"a client to see {state}", lambda: livy.state(batch_id) == state)
