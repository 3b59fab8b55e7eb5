# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL below the test directory: the one that deploy/quickstart starts, by the same functions."""
import contextlib
import os
import pathlib
import signal
import subprocess

import psycopg2
import psycopg2.extras

from process import children, start_ticks
from waiting import LIMIT_S, wait_for

CLONE = pathlib.Path(__file__).resolve().parents[2]

SHELL = """
set -euo pipefail
CLONE_DIR=$1 STATE_DIR=$2 DEPLOY_DIR=$1/deploy
shift 2
for subject in say process state postgres; do . "$DEPLOY_DIR/lib/$subject.sh"; done
state_claim "$STATE_DIR"
state_settings
postgres_settings
"$@"
"""


class Postgres:
    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.socket_dir = self.dir / "pg/socket"
        self.log = self.dir / "log/postgres.log"

    def _shell(self, *words):
        environment = dict(os.environ, SPARKGATE_SLOT="0")  # it has no ports
        done = subprocess.run(
            ["bash", "-c", SHELL, "postgres", CLONE, self.dir, *words],
            env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S, check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self):
        for name in ("run", "log"):
            (self.dir / name).mkdir(parents=True, exist_ok=True)
        self._shell("postgres_up")

    def stop(self):
        """Fast shutdown: sessions are ended, nothing is lost."""
        self._shell("postgres_down")

    def as_its_user(self):
        """The words before a program that runs as PostgreSQL does, and where its directory is for that program."""
        return self._shell("postgres_wrapper").splitlines(), self._shell("postgres_home")

    @property
    def pid(self):
        try:
            pid, ticks = (int(word) for word in (self.dir / "run/postgres.pid").read_text().split()[:2])
        except (FileNotFoundError, ValueError):
            return None
        return pid if start_ticks(pid) == ticks else None

    def kill9(self):
        """The next one starts only when nobody of this one is left, not even a zombie that init has yet to reap."""
        pids = [self.pid, *children(self.pid)]
        os.kill(pids[0], signal.SIGKILL)
        wait_for("the end of PostgreSQL", lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids))

    def stop_immediately(self):
        """As pg_ctl -m immediate: no session is ended in order, the next start recovers from the log."""
        pid = self.pid
        os.kill(pid, signal.SIGQUIT)
        wait_for("the end of PostgreSQL", lambda: not pathlib.Path(f"/proc/{pid}").exists())

    def conninfo(self, dbname="sparkgate", user="sparkgate"):
        return f"host={self.socket_dir} dbname={dbname} user={user}"

    def connect(self, dbname="sparkgate", user="sparkgate", autocommit=True):
        connection = psycopg2.connect(self.conninfo(dbname, user))
        connection.autocommit = autocommit
        return connection

    def _run(self, sql, params, dbname, user):
        with contextlib.closing(self.connect(dbname, user)) as connection:
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(sql, params)
                return [dict(row) for row in cursor.fetchall()] if cursor.description else []

    def rows(self, sql, params=None, dbname="sparkgate", user="sparkgate"):
        return self._run(sql, params, dbname, user)

    def row(self, sql, params=None, dbname="sparkgate"):
        rows = self.rows(sql, params, dbname)
        assert len(rows) == 1, f"{len(rows)} rows: {sql} {params}"
        return rows[0]

    def value(self, sql, params=None, dbname="sparkgate"):
        return next(iter(self.row(sql, params, dbname).values()))

    def execute(self, sql, params=None, dbname="sparkgate", user="postgres"):
        self._run(sql, params, dbname, user)

    def create_database(self, name):
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', dbname="postgres")
        self.execute(f'CREATE DATABASE "{name}" OWNER sparkgate', dbname="postgres")

    @contextlib.contextmanager
    def settings(self, **settings):
        """ALTER SYSTEM for a while, e.g. default_transaction_read_only='on'."""
        for name, value in settings.items():
            self.execute(f"ALTER SYSTEM SET {name} = %s", (value,), "postgres")
        before = self._reload(settings)
        try:
            yield
        finally:
            for name in settings:
                self.execute(f"ALTER SYSTEM RESET {name}", dbname="postgres")
            self._reload(settings, before)

    def _reload(self, names, wanted=None):
        """Until new sessions have other values than before, or those; gives what was before."""
        def values():
            return [self.value("SELECT current_setting(%s)", (name,)) for name in names]

        before = values()
        self.execute("SELECT pg_reload_conf()")
        wait_for("the settings to be in force", lambda: values() != before if wanted is None else values() == wanted)
        return before
