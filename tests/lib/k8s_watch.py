# SPDX-License-Identifier: Apache-2.0
"""The two ways in which Kubernetes' clients follow a pod: lines of HTTP, and frames of a WebSocket."""
import base64
import hashlib
import json
import os
import socket
import struct

from waiting import LIMIT_S


class HttpWatch:
    def __init__(self, port, path, headers=(), timeout=LIMIT_S):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *(f"{name}: {value}" for name, value in headers)]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.received = self.lines = b""
        head = self.until(b"\r\n\r\n").decode()
        self.status = int(head.split(" ", 2)[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def more(self):
        chunk = self.socket.recv(65536)
        if not chunk:
            raise EOFError(self.received)
        self.received += chunk

    def until(self, mark):
        while mark not in self.received:
            self.more()
        taken, _, self.received = self.received.partition(mark)
        return taken

    def bytes(self, count):
        while len(self.received) < count:
            self.more()
        taken, self.received = self.received[:count], self.received[count:]
        return taken

    def event(self):
        """The next one that is no bookmark."""
        event = self.message()
        while event["type"] == "BOOKMARK":
            event = self.message()
        return event

    def message(self):
        """The next line, whatever the chunks are."""
        while b"\n" not in self.lines:
            size = int(self.until(b"\r\n"), 16)
            if size == 0:
                raise EOFError("the watch has ended")
            self.lines += self.bytes(size)
            self.until(b"\r\n")
        line, _, self.lines = self.lines.partition(b"\n")
        return json.loads(line)


class WebSocketWatch(HttpWatch):
    def __init__(self, port, path, headers=(), timeout=LIMIT_S):
        self.key = base64.b64encode(os.urandom(16)).decode()
        super().__init__(port, path, [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                                      ("Sec-WebSocket-Key", self.key), ("Origin", f"http://127.0.0.1:{port}"), *headers],
                         timeout)

    def is_accepted(self):
        wanted = hashlib.sha1((self.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        return self.status == 101 and self.headers["sec-websocket-accept"] == base64.b64encode(wanted).decode()

    def message(self):
        """The next text frame."""
        first, size = self.bytes(2)
        assert first == 0x81, f"not a whole text frame: {first:#x}"
        if size == 126:
            (size,) = struct.unpack("!H", self.bytes(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.bytes(8))
        return json.loads(self.bytes(size))
