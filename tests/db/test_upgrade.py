# SPDX-License-Identifier: Apache-2.0
"""sparkgate-ctl migrate from each earlier schema, with data in it, while clients write and read."""
import contextlib
import hashlib
import re
import subprocess
import threading

import psycopg2
import pytest
from kubernetes import CLONE
from waiting import wait_for

SCHEMA = sorted((CLONE / "sql/schema").glob("*.sql"))
DATABASE = "sparkgate_upgrade"
STATES = ("accepted", "starting", "running", "success", "dead", "killed", "error")
OLD = 700
# What a client may repeat as it is: class 40, and a lock that was not to be had.
RETRYABLE = ("40001", "40P01", "55P03")


def fill(cursor):
    """Rows with the columns of the first schema, which all later ones have."""
    cursor.execute(
        "INSERT INTO batch (uid, request_digest, protocol, name, owner, cluster, namespace, operator_kind, request, state, "
        "finished_at, pushed_at, log_lines_count) "
        "SELECT gen_random_uuid(), sha256(n::text::bytea), 'livy', 'old ' || n, 'user ' || n %% 7, 'default', 'spark', 'kubeflow', "
        "jsonb_build_object('file', 'local:///a.py', 'n', n), state, CASE WHEN state::text = ANY (%s) THEN now() END, now(), 2 "
        "FROM generate_series(1, %s) AS n CROSS JOIN LATERAL (SELECT (%s::text[])[n %% 7 + 1]::batch_state) AS s (state)",
        (list(STATES[3:]), OLD, list(STATES)))
    cursor.execute("INSERT INTO batch_event (batch_id, kind, state) SELECT id, 'accepted', state FROM batch")
    cursor.execute("INSERT INTO batch_log SELECT id, 0, ARRAY['one', 'two'] FROM batch WHERE finished_at IS NOT NULL")
    cursor.execute("INSERT INTO batch_push (batch_id, cluster, object, claimed_until) "
                   "SELECT id, cluster, '{}', now() FROM batch WHERE state = 'accepted'")


def database_of(stack, version):
    """As an earlier sparkgate has left it."""
    stack.postgres.create_database(DATABASE)
    create = re.search(r"create_table\[\] =\n(.*?);\n\n", (CLONE / "fcgi/store/migrate.c").read_text(), re.S)[1]
    with contextlib.closing(stack.postgres.connect(DATABASE)) as connection, connection.cursor() as cursor:
        cursor.execute("".join(re.findall(r'"(.*)"', create)))
        for file in SCHEMA[:version]:
            cursor.execute(file.read_text())
            cursor.execute("INSERT INTO schema_migration VALUES (%s, %s, %s)",
                           (int(file.name[:4]), file.stem, hashlib.sha256(file.read_bytes()).hexdigest()))
        fill(cursor)


class Client(threading.Thread):
    """Does the same over and over until it is told to end. What can be repeated is repeated, anything else is kept."""

    def __init__(self, stack, what):
        super().__init__()
        self.connection = stack.postgres.connect(DATABASE)
        self.what, self.done, self.repeated, self.error, self.ends = what, 0, 0, None, threading.Event()

    def run(self):
        with contextlib.closing(self.connection), self.connection.cursor() as cursor:
            while not self.ends.is_set() and self.error is None:
                try:
                    self.what(cursor, self.done)
                    self.done += 1
                except psycopg2.Error as error:
                    self.repeated += 1
                    self.error = None if error.pgcode in RETRYABLE else error


def write(cursor, number):
    cursor.execute(
        "INSERT INTO batch (uid, request_digest, protocol, name, cluster, namespace, operator_kind, request) "
        "VALUES (gen_random_uuid(), '', 'livy', %s, 'default', 'spark', 'kubeflow', '{}') RETURNING id", (f"new {number}",))
    batch_id = cursor.fetchone()[0]
    cursor.execute("UPDATE batch SET state = 'success', finished_at = now() WHERE id = %s", (batch_id,))


def read(cursor, _):
    cursor.execute("SELECT count(*) FROM batch WHERE name LIKE 'old %'")
    assert cursor.fetchone()[0] == OLD
    cursor.execute("SELECT id, state, name FROM batch ORDER BY id DESC LIMIT 20")


@pytest.fixture
def clients(stack):
    started = []

    def start(*whats):
        started.extend(Client(stack, what) for what in whats)
        for client in started:
            client.start()
        return started

    yield start
    for client in started:
        client.ends.set()
        client.join()


def schema(stack, dbname):
    text = subprocess.run(["pg_dump", "--schema-only", "--no-owner", "--dbname", stack.postgres.conninfo(dbname, "postgres")],
                          capture_output=True, text=True, check=True).stdout
    return re.sub(r"(?m)^\\(un)?restrict .*$", "", text)


@pytest.fixture(scope="module")
def fresh(stack):
    stack.postgres.create_database("sparkgate_fresh")
    stack.ctl("migrate", config=stack.write_config({"database": {"conninfo": stack.postgres.conninfo("sparkgate_fresh")}}, "fresh.yaml"))
    return schema(stack, "sparkgate_fresh")


def migrate(stack, config):
    """What it said. Each migration is one transaction, so what met a client's in a deadlock is repeated, by hand as here."""
    said = []

    def migrated():
        done = stack.ctl("migrate", config=config, check=False)
        said.append(done.stderr)
        assert done.returncode == 0 or any(state in done.stderr for state in RETRYABLE), said
        return done.returncode == 0

    wait_for("the migration", migrated)
    return "".join(said)


ROWS = ("SELECT id, uid::text, name, owner, state, finished_at, pushed_at, log_lines_count, request::text FROM batch "
        "WHERE name LIKE 'old %%' ORDER BY id")


@pytest.mark.parametrize("version", range(1, len(SCHEMA)), ids=[file.stem for file in SCHEMA[:-1]])
def test_from_each_schema_while_clients_work(stack, fresh, clients, version):
    database_of(stack, version)
    config = stack.write_config({"database": {"conninfo": stack.postgres.conninfo(DATABASE)}}, "upgrade.yaml")
    before = stack.postgres.rows(ROWS, dbname=DATABASE)
    working = clients(write, lambda cursor, number: write(cursor, f"other {number}"), read)
    wait_for("all to work", lambda: all(client.done or client.error for client in working))
    assert migrate(stack, config).count("event=migration_applied") == len(SCHEMA) - version
    reached = [client.done for client in working]
    wait_for("all to work on", lambda: all(client.error or client.done > than + 2 for client, than in zip(working, reached)))
    for client in working:
        client.ends.set()
        client.join()
        assert client.error is None, client.error
    assert stack.postgres.rows(ROWS, dbname=DATABASE) == before
    written = stack.postgres.value("SELECT count(*) FROM batch WHERE name LIKE 'new %%'", dbname=DATABASE)
    assert written >= working[0].done + working[1].done
    total, counted = (stack.postgres.value(sql, dbname=DATABASE) for sql in (
        (CLONE / "sql/statements/batch_count.sql").read_text(), "SELECT count(*) FROM batch"))
    assert total == counted == OLD + written
    for table, count in (("batch_log", OLD * 4 // 7), ("batch_push", OLD // 7), ("batch_event", OLD)):
        assert stack.postgres.value(f"SELECT count(*) FROM {table} JOIN batch ON batch.id = batch_id "
                                    "WHERE name LIKE 'old %%'", dbname=DATABASE) == count
    assert schema(stack, DATABASE) == fresh
