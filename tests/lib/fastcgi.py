# SPDX-License-Identifier: Apache-2.0
"""A worker on a socket of its own, and requests by FastCGI straight to it: no web server's time in between."""
import re
import socket
import struct
import subprocess
import time

from figures import memory_mb


def record(kind, content=b""):
    return struct.pack("!BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def pair(name, value):
    def size(text):
        return struct.pack("!B", len(text)) if len(text) < 128 else struct.pack("!I", len(text) | 1 << 31)
    name, value = name.encode(), value.encode()
    return size(name) + size(value) + name + value


def request_bytes(method, target, body=b""):
    path, _, query = target.partition("?")
    params = {
        "REQUEST_METHOD": method, "REQUEST_URI": target, "DOCUMENT_URI": path, "SCRIPT_NAME": path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1", "CONTENT_TYPE": "application/json" if body else "",
        "CONTENT_LENGTH": str(len(body)) if body else "", "REMOTE_ADDR": "127.0.0.1", "SERVER_ADDR": "127.0.0.1",
    }
    text = b"".join(pair(name, value) for name, value in params.items())
    return (record(1, struct.pack("!HB5x", 1, 0)) + record(4, text) + record(4) +
            (record(5, body) if body else b"") + record(5))


def ask(path, method, target, body=b""):
    """Status and body, on a connection of its own, as nginx does it here."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(path))
        connection.sendall(request_bytes(method, target, body))
        with connection.makefile("rb") as stream:
            out = b""
            while True:
                _, kind, _, size, padding, _ = struct.unpack("!BBHHBB", stream.read(8))
                content = stream.read(size)
                stream.read(padding)
                if kind == 6:
                    out += content
                elif kind == 3:
                    break
    head, _, rest = out.partition(b"\r\n\r\n")
    status = re.search(rb"^Status: (\d+)", head, re.M)
    return int(status.group(1)) if status else 200, rest


def worker_memory_mb(pid):
    return {"RSS": memory_mb(pid, "VmRSS"), "RSS, most": memory_mb(pid, "VmHWM"),
            "PSS": memory_mb(pid, "Pss", "smaps_rollup")}


class Worker:
    """A worker on a listening socket of its own, as spawn-fcgi gives it: descriptor 0."""

    def __init__(self, program, config, directory):
        self.path = directory / "bench.sock"
        self.path.unlink(missing_ok=True)
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(self.path))
        self.listening.listen(128)
        self.log = open(directory / "bench-worker.log", "ab")
        self.started = time.monotonic()
        self.process = subprocess.Popen([program, "-c", config], stdin=self.listening, stderr=self.log, stdout=self.log)

    def first_answer_ms(self, target):
        status, body = ask(self.path, "GET", target)
        assert status == 200, (target, status, body)
        return (time.monotonic() - self.started) * 1000

    def memory_mb(self):
        return worker_memory_mb(self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(15)
        self.listening.close()
        self.log.close()
