# SPDX-License-Identifier: Apache-2.0
"""Backup and recovery as deploy/postgresql.md has them: its commands, in their order, on a PostgreSQL of their own."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess

import psycopg2
import pytest
from kubernetes import CLONE
from postgres import Postgres
from waiting import LIMIT_S, wait_for

COMMANDS = dict(re.findall(r"^```sh (\w+)\n(.*?)^```", (CLONE / "deploy/postgresql.md").read_text(), re.M | re.S))
ACCEPT = ("INSERT INTO batch (uid, request_digest, protocol, name, cluster, namespace, operator_kind, request) "
          "VALUES (gen_random_uuid(), '', 'livy', %s, 'default', 'spark', 'kubeflow', '{}')")
COUNTED = ("batch", "batch_event", "batch_push", "batch_log", "gateway", "schema_migration")


class Server(Postgres):
    """With the page's variables; what it makes lies beside its data, where its user may write."""

    def __init__(self, directory):
        super().__init__(directory)
        self.wrapper, self.home = self.as_its_user()
        self.beside = self.dir / "pg"

    def follow(self, name, **variables):
        """Runs a block of the page as the administrator."""
        bin_dir = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        environment = dict(os.environ, PATH=f"{bin_dir}:{os.environ['PATH']}", PGHOST=f"{self.home}/socket", PGUSER="postgres",
                           PGDATABASE="sparkgate", BACKUP=f"{self.home}/backup", **variables)
        done = subprocess.run([*self.wrapper, "bash", "-euo", "pipefail", "-c", COMMANDS[name]], env=environment, cwd="/",
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=LIMIT_S, check=False)
        assert done.returncode == 0, f"{name}: {done.stdout}"
        return done.stdout

    def run(self, *words):
        subprocess.run([*self.wrapper, *words], cwd="/", check=True, timeout=LIMIT_S)


def migrate(stack, server, dbname="sparkgate"):
    config = stack.write_config({"database": {"conninfo": server.conninfo(dbname)}}, "backup.yaml")
    return stack.ctl("migrate", config=config)


@pytest.fixture(scope="module")
def server(stack):
    server = Server(stack.dir / "backup")
    server.dir.mkdir(exist_ok=True)
    server.start()
    try:
        server.run("rm", "-rf", *(f"{server.home}/{name}" for name in ("backup", "recovered", "recovered.log")))
        server.run("mkdir", "-p", f"{server.home}/backup/wal")
        migrate(stack, server)
        yield server
    finally:
        server.stop()
        subprocess.run(["rm", "-rf", server.dir], check=True)


def contents(server, dbname):
    return {table: server.rows(f"SELECT row::text FROM {table} AS row ORDER BY 1", dbname=dbname) for table in COUNTED}


def test_a_dump_becomes_the_same_database(stack, server):
    for name in ("one", "two"):
        server.execute(ACCEPT, (name,))
    server.follow("dump")
    before = contents(server, "sparkgate")
    server.execute(ACCEPT, ("later",))
    assert re.search(r"\b2 \|", server.follow("restore"))
    assert contents(server, "sparkgate_restored") == before
    assert "migration_applied" not in migrate(stack, server, "sparkgate_restored").stderr
    server.execute(ACCEPT, ("new",), dbname="sparkgate_restored", user="sparkgate")
    assert server.value("SELECT id FROM batch WHERE name = 'new'", dbname="sparkgate_restored") > 2
    server.follow("copy")
    assert server.value("SELECT key FROM gateway", dbname="sparkgate_restored") != server.value("SELECT key FROM gateway")
    assert server.value("SELECT count(*) FROM batch", dbname="sparkgate_restored") == 0


def archived(server):
    server.execute("SELECT pg_switch_wal()")
    segment = server.value("SELECT pg_walfile_name(pg_current_wal_lsn() - 1)")
    wait_for("it to be archived", lambda: (server.value("SELECT last_archived_wal FROM pg_stat_archiver") or "") >= segment)


def may_replicate(server):
    with contextlib.suppress(psycopg2.OperationalError):
        psycopg2.connect(f"{server.conninfo('postgres', 'postgres')} replication=true").close()
        return True
    return False


@contextlib.contextmanager
def recovered(server, when):
    """The server that the page starts, where the old one was."""
    server.follow("recover", WHEN=when, RECOVERED=f"{server.home}/recovered",
                  OPTIONS=f"-c listen_addresses= -c unix_socket_directories={server.home}/socket")
    try:
        wait_for("the end of the recovery", lambda: not server.value("SELECT pg_is_in_recovery()"))
        yield
    finally:
        pid = int((server.beside / "recovered/postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGINT)
        wait_for("its end", lambda: not pathlib.Path(f"/proc/{pid}").exists())


def test_a_server_goes_back_to_a_point_in_time(stack, server):
    server.follow("archive")
    server.stop()
    server.start()
    server.execute(ACCEPT, ("before the base backup",))
    hba = server.beside / "data/pg_hba.conf"  # each start has written it anew
    hba.write_text(hba.read_text() + "local replication all peer map=sparkgate\n")
    server.execute("SELECT pg_reload_conf()")
    wait_for("base backups to be allowed", lambda: may_replicate(server))
    server.follow("base")
    server.execute(ACCEPT, ("before the moment",))
    key = server.value("SELECT key FROM gateway")
    when = server.value("SELECT clock_timestamp()::text")
    server.execute(ACCEPT, ("after the moment",))
    lost_id = server.value("SELECT id FROM batch WHERE name = 'after the moment'")
    archived(server)
    server.stop()
    with recovered(server, when):
        names = [row["name"] for row in server.rows("SELECT name FROM batch ORDER BY id")]
        assert names[-2:] == ["before the base backup", "before the moment"]
        assert server.value("SELECT key FROM gateway") == key
        assert "migration_applied" not in migrate(stack, server).stderr
        server.follow("ids", NEXT_ID=str(lost_id + 1000))
        server.execute(ACCEPT, ("a new one",), user="sparkgate")
        assert server.value("SELECT id FROM batch WHERE name = 'a new one'") == lost_id + 1000
