# SPDX-License-Identifier: Apache-2.0
"""A PgBouncer in transaction mode before the private PostgreSQL, with the pgbouncer.ini of deploy/postgresql.md.

SPARKGATE_PGBOUNCER   the program, where another version than the installed one is wanted
"""
import contextlib
import os
import re
import shutil
import subprocess

import psycopg2

from postgres import CLONE
from process import Process

PAGE = CLONE / "deploy/postgresql.md"
PORT = 6432  # the name of a socket in a directory of ours
POOL_SIZE = 2
# Where it is on this machine, and how long: no limit is reached only because the machine stands still for a while.
HERE = {
    "listen_addr": "", "auth_type": "trust", "default_pool_size": POOL_SIZE, "admin_users": "sparkgate",
}


def program():
    found = os.environ.get("SPARKGATE_PGBOUNCER") or shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
    assert found, "pgbouncer is not installed"
    return found


def knows_prepared_statements():
    said = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = re.search(r"PgBouncer (\d+)\.(\d+)", said).groups()
    return (int(major), int(minor)) >= (1, 21)


class Pgbouncer:
    def __init__(self, postgres):
        self.postgres = postgres
        # Beside PostgreSQL's data: started by root, both run as a user who reaches nothing else of the tests.
        self.dir = postgres.dir / "pg"
        wrapper, home = postgres.as_its_user()
        self.home = home
        self.process = Process(postgres.dir, "pgbouncer", [*wrapper, program(), f"{home}/pgbouncer.ini"])

    def conninfo(self, dbname="sparkgate"):
        return f"host={self.postgres.socket_dir} port={PORT} dbname={dbname} user=sparkgate"

    def write(self, timeout_ms, wait_s):
        (text,) = [ini for ini in re.findall(r"```ini\n(.*?)```", PAGE.read_text(), re.S) if "[pgbouncer]" in ini]
        if knows_prepared_statements():
            text = text.replace(";max_prepared_statements", "max_prepared_statements")
        text, limits = re.subn(r"= 5000", f"= {timeout_ms}", text)
        assert limits == 2
        text = text.replace("host=/run/postgresql", f"host={self.home}/socket")
        settings = {**HERE, "listen_port": PORT, "query_wait_timeout": wait_s, "unix_socket_dir": f"{self.home}/socket",
                    "auth_file": f"{self.home}/userlist.txt"}
        for name, value in settings.items():
            text = re.sub(rf"^{name} = .*\n", "", text, flags=re.M) + f"{name} = {value}\n"
        for file, content in (("pgbouncer.ini", text), ("userlist.txt", '"sparkgate" ""\n')):
            (self.dir / file).write_text(content)
            (self.dir / file).chmod(0o644)

    def start(self, timeout_ms=120_000, wait_s=120):
        """timeout_ms: of a statement; wait_s: of a client that gets no connection."""
        self.write(timeout_ms, wait_s)
        self.process.start()
        self.process.wait_ready(self.answers)

    def answers(self):
        with contextlib.suppress(psycopg2.OperationalError):
            self.say("SHOW VERSION")
            return True
        return False

    def say(self, command):
        """To its console."""
        with contextlib.closing(psycopg2.connect(self.conninfo("pgbouncer"))) as console:
            console.autocommit = True
            with console.cursor() as cursor:
                cursor.execute(command)

    def kill9(self):
        """It keeps nothing; asked to end, newer ones wait until all clients have gone."""
        self.process.kill9()
