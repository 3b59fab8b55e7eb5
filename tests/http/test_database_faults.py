# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL away, slow, full or forbidden: a clear 503 in time, no batch by halves, and back by itself."""
import concurrent.futures
import contextlib
import os
import signal
import time

import psycopg2
import pytest
from cgi_client import Cgi
from process import children
from waiting import wait_for

# Not as long as somebody is away. One lost connection and a second try take some 7 s (see IMPATIENT in lib/stack.py).
ANSWER_S = 100.0

pytestmark = pytest.mark.usefixtures("repaired", "same_workers")
POST = {"file": "local:///a.py"}
END_WORKERS_SESSIONS = ("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
                        "WHERE application_name = 'sparkgate-worker'")
END_ALL_SESSIONS = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = 'sparkgate'"


def unavailable(answer):
    assert answer.status == 503, answer
    assert int(answer.headers["retry-after"]) > 0 and "database" in answer.json()["msg"]
    assert "sqlstate" not in answer.text and "socket" not in answer.text
    return True


def in_time(call):
    began = time.monotonic()
    answer = call()
    assert time.monotonic() - began < ANSWER_S, f"{time.monotonic() - began:.1f} s: {answer}"
    return answer


def all_unavailable(livy, reads=True):
    unavailable(in_time(lambda: livy.post(POST)))
    for path in ("/batches", "/batches/1", "/batches/1/state", "/batches/1/log", "/readyz") if reads else ():
        unavailable(in_time(lambda path=path: livy.get(path)))
    assert livy.get("/healthz").status == 200


def served_again(stack):
    wait_for("the gateway to serve again", lambda: stack.livy.get("/batches").status == 200)
    assert stack.livy.post(POST).status == 201


def test_stopped(stack, livy, database):
    watcher = stack.watcher.pid
    database.stop()
    all_unavailable(livy)
    assert "sparkgate_database_up 0" in stack.everything.get("/metrics").text
    database.start()
    served_again(stack)
    assert stack.watcher.pid == watcher, "the watcher has waited"


def test_killed(stack, livy, database):
    livy.get("/batches")
    database.kill9()
    all_unavailable(livy)
    database.start()
    served_again(stack)


def test_all_connections_ended_is_not_even_noticed(stack, livy, database):
    for _ in range(4):
        assert livy.get("/batches").status == 200
    database.execute(END_WORKERS_SESSIONS)
    for _ in range(4):
        assert livy.get("/batches").status == 200
    database.execute(END_WORKERS_SESSIONS)
    assert [livy.post(POST).status for _ in range(4)] == [201] * 4


@contextlib.contextmanager
def frozen(database):
    """Every process of it: connections are taken by the kernel, and nobody answers."""
    pids = [database.pid, *children(database.pid)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)


@pytest.mark.usefixtures("impatient")
def test_frozen(stack, livy, database):
    with frozen(database):
        for _ in range(3):
            unavailable(in_time(lambda: livy.get("/batches")))
        unavailable(in_time(lambda: livy.post(POST)))
    served_again(stack)


@pytest.mark.usefixtures("impatient")
def test_a_table_that_is_locked(stack, livy, database):
    lock = database.connect(user="postgres", autocommit=False)
    with contextlib.closing(lock), lock.cursor() as cursor:
        cursor.execute("LOCK TABLE batch IN ACCESS EXCLUSIVE MODE")
        unavailable(in_time(lambda: livy.get("/batches")))
        unavailable(in_time(lambda: livy.post(POST)))
    served_again(stack)


def test_read_only_as_a_standby_is(stack, livy, database):
    with database.settings(default_transaction_read_only="on"):
        database.execute(END_WORKERS_SESSIONS)  # each reads its settings when it has the time
        wait_for("it to be read-only", lambda: livy.post(POST).status == 503)
        unavailable(livy.post(POST))
        assert livy.get("/batches").status == 200, "reading goes on"
    database.execute(END_WORKERS_SESSIONS)
    wait_for("it to be writable again", lambda: livy.post(POST).status == 201)


def is_refused(database):
    try:
        database.connect().close()
    except psycopg2.OperationalError:
        return True
    return False


@contextlib.contextmanager
def host_rules(database, rules):
    file = database.dir / "pg/data/pg_hba.conf"
    before = file.read_text()
    file.write_text(rules)
    database.execute("SELECT pg_reload_conf()")
    wait_for("the rules to be in force", lambda: is_refused(database))
    database.execute(END_ALL_SESSIONS)
    try:
        yield
    finally:
        file.write_text(before)
        database.execute("SELECT pg_reload_conf()")
        wait_for("the old rules to be in force", lambda: not is_refused(database))


@pytest.mark.parametrize("method", ["scram-sha-256", "reject"])
def test_a_wrong_password_and_a_refusal(stack, livy, database, method):
    with host_rules(database, f"local all postgres peer map=sparkgate\nlocal all all {method}\n"):
        wait_for("workers to be refused", lambda: livy.get("/batches").status == 503)
        all_unavailable(livy)
    served_again(stack)


def test_too_many_connections(stack, livy, database):
    database.execute("ALTER ROLE sparkgate CONNECTION LIMIT 0")
    try:
        database.execute(END_ALL_SESSIONS)
        wait_for("workers to be refused", lambda: livy.get("/batches").status == 503)
        all_unavailable(livy)
    finally:
        database.execute("ALTER ROLE sparkgate CONNECTION LIMIT -1")
    served_again(stack)


def test_a_database_that_was_never_migrated_says_so(stack, livy, database):
    database.create_database("empty")
    config = stack.write_config({"database": {"conninfo": database.conninfo("empty")}}, "empty.yaml")
    for path in ("/batches", "/readyz"):
        answer = Cgi(stack, config).call("GET", path)
        assert answer.status == 503 and "sparkgate-ctl migrate" in answer.json()["msg"]


def test_no_batch_is_lost_or_doubled_while_postgresql_restarts(stack, kube, livy, clean, database):
    """Clients repeat what was answered 503, with their key, as they would."""
    def submit(number):
        def accepted():
            answer = livy.post({**POST, "name": f"restart {number}"}, headers={"Idempotency-Key": f"restart/{number}"})
            assert answer.status in (201, 503), answer
            return answer.status == 201 and answer.json()["id"]

        return wait_for("a batch to be accepted", accepted, interval_s=0.1)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        submitted = [pool.submit(submit, number) for number in range(40)]
        wait_for("some to be accepted", lambda: sum(future.done() for future in submitted) > 5)
        database.stop()
        database.start()
        wait_for("some more", lambda: sum(future.done() for future in submitted) > 15)
        database.kill9()
        database.start()
        ids = [future.result() for future in submitted]
    assert len(set(ids)) == 40 == database.value("SELECT count(*) FROM batch")
    wait_for("all to be pushed",
             lambda: database.value("SELECT count(*) FROM batch WHERE state = 'starting'") == 40)
    assert len(kube.applications()) == 40
