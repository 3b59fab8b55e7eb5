# SPDX-License-Identifier: Apache-2.0
"""Another nginx before the same workers, as on another host: ports and memory of its own."""
import contextlib
import subprocess

from kubernetes import CLONE, own_port
from livy import Livy
from polls import remove_polls
from process import Process


@contextlib.contextmanager
def opened(stack, edit=lambda text: text):
    """edit: of what its sparkgate.conf says. A client of its Livy port."""
    out = stack.dir / "nginx-2"
    livy, *others = (Livy(own_port(stack.slot, number)) for number in range(20, 23))
    subprocess.run([
        "sh", CLONE / "nginx/render", "--out", out, "--socket", stack.socket, "--run", out, "--log", stack.log,
        "--livy-port", str(livy.port), "--all-port", str(others[0].port), "--spark-port", str(others[1].port)], check=True)
    file = out / "sparkgate.conf"
    file.write_text(edit(file.read_text()))
    program, _, _, _, _, *options = stack.nginx.command
    nginx = Process(stack.dir, "nginx-2", [program, "-p", out, "-c", file, *options]).start()
    try:
        nginx.wait_ready(lambda: (out / "nginx.pid").exists() and livy.get("/readyz").status == 200)
        yield livy
    finally:
        nginx.stop()
        remove_polls(out)
