# SPDX-License-Identifier: Apache-2.0
"""sparkgate-worker as a plain CGI program (RFC 3875): the request is its environment and its standard input."""
import subprocess

from livy import Answer
from stack import program
from waiting import LIMIT_S


def environment(method, path, body, headers, server_addr="127.0.0.1"):
    variables = {
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": method, "REQUEST_URI": path,
        "REMOTE_ADDR": "127.0.0.1",
    }
    if server_addr is not None:
        variables["SERVER_ADDR"] = server_addr
    if body is not None:
        variables["CONTENT_LENGTH"] = str(len(body))
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        variables["CONTENT_TYPE" if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value.encode("latin-1")
    return variables


class Cgi:
    def __init__(self, stack, config=None, server_addr="127.0.0.1", **variables):
        self.stack, self.config, self.server_addr, self.variables = stack, config, server_addr, variables
        self.errors = ""  # what the last run wrote to standard error: its log

    def call(self, method, path, body=None, headers=None):
        variables = {**environment(method, path, body, headers, self.server_addr), **self.variables}
        done = subprocess.run(
            [program("sparkgate-worker"), "-c", self.config or self.stack.config_file], input=body or b"",
            env={**self.stack.environment(), **variables}, capture_output=True, timeout=LIMIT_S, check=False,
        )
        self.errors = done.stderr.decode(errors="replace")
        assert done.returncode == 0, f"exit status {done.returncode}: {self.errors}"
        return parse(done.stdout)


def parse(output):
    head, _, body = output.partition(b"\r\n\r\n")
    headers = [line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")]
    status = next(int(value.split()[0]) for name, value in headers if name == "Status")
    return Answer(status, headers, body)
