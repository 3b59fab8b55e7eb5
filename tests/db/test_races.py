# SPDX-License-Identifier: Apache-2.0
"""Two sessions and one row: who wins, who loses, and who waits for whom."""
import contextlib
import threading
import uuid

import psycopg2.errors
import pytest
from kubernetes import CLONE
from waiting import wait_for


class Session:
    """One connection with all statements prepared, as a program has it."""

    def __init__(self, postgres):
        self.connection = postgres.connect(autocommit=True)
        self.cursor = self.connection.cursor()
        for file in (CLONE / "sql/statements").glob("*.sql"):
            self.cursor.execute(f"PREPARE {file.stem} AS {file.read_text()}")

    def run(self, name, *params):
        marks = ", ".join(["%s"] * len(params))
        self.cursor.execute(f"EXECUTE {name}({marks})" if params else f"EXECUTE {name}", params)
        names = [column.name for column in self.cursor.description]
        return [dict(zip(names, row)) for row in self.cursor.fetchall()]

    def accept(self, key=None, name=None, claim_ms=0, whole="x", retries=0):
        return self.run("batch_accept", str(uuid.uuid4()), "livy", name, None, None, "default", "spark", "kubeflow",
                        "{}", "request", "{}", str(claim_ms), key, whole, retries, 0, None)

    def say(self, sql):
        self.cursor.execute(sql)


@pytest.fixture
def sessions(stack):
    """Nobody but these two: the watcher would take part."""
    stack.watcher.stop()
    stack.postgres.execute("TRUNCATE batch CASCADE")
    with contextlib.ExitStack() as both:
        pair = [Session(stack.postgres) for _ in range(2)]
        for session in pair:
            both.callback(session.connection.close)
        yield pair
    stack.start_watcher()


class Later:
    """A call in a thread of its own, because it is expected to wait."""

    def __init__(self, call, *arguments):
        self.rows = None
        self.thread = threading.Thread(target=lambda: setattr(self, "rows", call(*arguments)))
        self.thread.start()

    def result(self):
        self.thread.join(10)
        assert not self.thread.is_alive(), "it still waits"
        return self.rows


def waits(stack):
    wait_for("the second session to wait for the first", lambda: stack.postgres.rows(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'EXECUTE%%'"))


def test_of_two_moves_one_wins(stack, sessions):
    first, second = sessions
    batch_id = first.accept()[0]["id"]
    first.say("BEGIN")
    assert first.run("batch_move", batch_id, "accepted", "success", None, None, None, None, 1, "f", None, None, 0)
    loser = Later(second.run, "batch_move", batch_id, "accepted", "dead", "failed", "late", None, None, 1, "f", None, None, 0)
    waits(stack)
    first.say("COMMIT")
    assert loser.result() == [], "no row means you lost"
    assert stack.row(batch_id)["state"] == "success" and len(stack.events(batch_id)) == 2


def test_a_delete_and_an_end_may_race(stack, sessions):
    first, second = sessions
    batch_id = first.accept()[0]["id"]
    first.say("BEGIN")
    first.run("batch_move", batch_id, "accepted", "success", None, None, None, None, 1, "f", None, None, 0)
    asked = Later(second.run, "batch_kill_request", batch_id, None, "request", "delete")
    waits(stack)
    first.say("COMMIT")
    (row,) = asked.result()
    assert row["state"] == "success" and row["kill_requested_at"] is None and row["deleted_at"]


RETRY = ("batch_retry", 0, "exit_code", "it failed", 3, "{}")


def test_a_kill_that_comes_first_leaves_no_retry(stack, sessions):
    first, second = sessions
    batch_id = first.accept(retries=1)[0]["id"]
    first.say("BEGIN")
    first.run("batch_kill_request", batch_id, None, "request", "kill")
    retry = Later(second.run, RETRY[0], batch_id, *RETRY[1:])
    waits(stack)
    first.say("COMMIT")
    assert retry.result() == [] and stack.row(batch_id)["retries"] == 0


def test_of_two_watchers_one_runs_it_again(stack, sessions):
    first, second = sessions
    batch_id = first.accept(retries=5)[0]["id"]
    first.say("BEGIN")
    assert first.run(RETRY[0], batch_id, *RETRY[1:])
    other = Later(second.run, RETRY[0], batch_id, *RETRY[1:])
    waits(stack)
    first.say("COMMIT")
    assert other.result() == [] and stack.row(batch_id)["retries"] == 1
    assert stack.postgres.value("SELECT count(*) FROM batch_event WHERE kind = 'retry'") == 1


def test_a_push_that_is_being_paid_is_not_waited_for(sessions):
    first, second = sessions
    ids = [first.accept()[0]["id"] for _ in range(3)]
    first.say("BEGIN")
    first.say(f"SELECT 1 FROM batch_push WHERE batch_id = {ids[0]} FOR UPDATE")
    taken = second.run("batch_push_claim", "default", "60000", "10")
    assert [row["id"] for row in taken] == ids[1:]
    first.say("ROLLBACK")
    assert [row["id"] for row in second.run("batch_push_claim", "default", "60000", "10")] == ids[:1]


def test_two_dispatchers_never_claim_the_same(sessions):
    first, second = sessions
    ids = {first.accept()[0]["id"] for _ in range(20)}
    first.say("BEGIN")
    second.say("BEGIN")
    one = [row["id"] for row in first.run("batch_push_claim", "default", "60000", "10")]
    other = [row["id"] for row in second.run("batch_push_claim", "default", "60000", "10")]
    first.say("COMMIT")
    second.say("COMMIT")
    assert len(one) == len(other) == 10 and set(one) | set(other) == ids


def test_of_two_with_one_key_the_later_waits_and_then_finds_it(stack, sessions):
    first, second = sessions
    first.say("BEGIN")
    (row,) = first.accept(key="k")
    later = Later(second.accept, "k")
    waits(stack)
    first.say("COMMIT")
    assert later.result() == [], "it does not see the row yet: ask again"
    (found,) = second.accept(key="k")
    assert found["id"] == row["id"] and not found["is_new"] and found["is_same"]
    assert stack.postgres.value("SELECT count(*) FROM batch_push") == 1


def test_of_two_with_one_name_the_later_is_refused(stack, sessions):
    first, second = sessions
    first.say("BEGIN")
    first.accept(name="n")

    def refused():
        with pytest.raises(psycopg2.errors.UniqueViolation):
            second.accept(name="n")
        return "refused"

    later = Later(refused)
    waits(stack)
    first.say("COMMIT")
    assert later.result() == "refused"
    assert stack.postgres.value("SELECT count(*) FROM batch") == 1


def test_a_lease_ends_with_its_connection(stack, sessions):
    first, second = sessions
    assert first.run("lease_try", "default")[0]["leased"] is True
    assert second.run("lease_try", "default")[0]["leased"] is False
    assert second.run("lease_try", "other")[0]["leased"] is True
    first.connection.close()
    wait_for("the lease to be free", lambda: second.run("lease_try", "default")[0]["leased"])
