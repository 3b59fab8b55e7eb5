# SPDX-License-Identifier: Apache-2.0
"""Two sessions and one row: who wins, who loses, and who waits for whom."""
import contextlib
import json
import random
import threading

import psycopg2.errors
import pytest
from statements import Session, most_at_once
from waiting import wait_for


@pytest.fixture
def sessions(stack):
    """Nobody but these two: the watcher would take part."""
    stack.watcher.stop()
    stack.postgres.execute("TRUNCATE batch, batch_event, batch_log CASCADE")
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


def waits(stack, query="EXECUTE"):
    wait_for("the second session to wait for the first", lambda: stack.postgres.rows(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND starts_with(query, %s)", (query,)))


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


# --- limits of a cluster -------------------------------------------------------------------------------------

LIMITS = {"running": {"cluster": 5, "queues": {"q": 3}, "users": {"*": 2}}, "waiting": {"cluster": 12, "users": {"ann": 3}}}


def test_however_many_ask_at_once_no_limit_is_exceeded(stack, sessions):
    """Ten askers, one who gives turns, and one who ends what runs, all at once."""
    asked, going_on = [], threading.Event()
    going_on.set()

    def ask(number):
        session, chance = Session(stack.postgres), random.Random(number)
        with contextlib.closing(session.connection):
            for _ in range(20):
                asked.extend(session.accept(user=chance.choice(["ann", "ben", "cat", "dan"]), queue=chance.choice(["q", None]),
                                            limits=LIMITS))

    def give():
        session = Session(stack.postgres)
        with contextlib.closing(session.connection):
            while going_on.is_set():
                session.run("batch_turn_give", "default", json.dumps(LIMITS), "50")

    def end(session):
        """One that runs; None: there is none."""
        session.cursor.execute("SELECT id, state FROM batch WHERE admitted_at IS NOT NULL AND finished_at IS NULL LIMIT 1")
        row = session.cursor.fetchone()
        return row and session.run("batch_move", row[0], row[1], "success", None, None, None, None, 1, "f", None,
                                  None, 0)

    for user in ("ann", "ben", "cat", "dan", "eve", "fay"):
        asked.extend(sessions[1].accept(user=user, limits=LIMITS))
    askers = [threading.Thread(target=ask, args=(number,)) for number in range(10)]
    giver = threading.Thread(target=give)
    for thread in (*askers, giver):
        thread.start()
    while any(thread.is_alive() for thread in askers):
        end(sessions[0])
    wait_for("all that waited to have run", lambda: end(sessions[0]) is None and stack.postgres.value(
        "SELECT count(*) FROM batch WHERE finished_at IS NULL") == 0)
    going_on.clear()
    giver.join()

    accepted = [row for row in asked if row["id"]]
    assert len(asked) == 206 and all(row["id"] or row["full_of"] for row in asked)
    assert stack.postgres.value("SELECT count(*) FROM batch WHERE state = 'success'") == len(accepted)
    assert most_at_once(stack.postgres) == {(): 5}
    assert most_at_once(stack.postgres, "queue")["q",] <= 3
    assert max(most_at_once(stack.postgres, "user").values()) <= 2


# --- the place of a batch in the list, from blocks of ids ----------------------------------------------------------

def settle(session):
    """One step; True: there is more, and nothing to wait for."""
    return session.run("batch_list_settle", "1000")[0]["is_behind"]


def settle_all(session):
    while settle(session):
        pass


def come(session, count=250):
    """New batches; the first and the last of their ids."""
    session.cursor.execute(
        "WITH new AS (INSERT INTO batch (uid, request_digest, protocol, cluster, namespace, operator_kind, request) "
        "SELECT gen_random_uuid(), '', 'livy', 'default', 'spark', 'kubeflow', '{}' FROM generate_series(1, %s) "
        "RETURNING id) SELECT min(id), max(id) FROM new", (count,))
    return session.cursor.fetchone()


def border(session):
    session.cursor.execute("SELECT settled_before FROM batch_listed_border")
    return session.cursor.fetchone()[0]


def right(*sessions):
    """Each of them finds every batch that it sees at its place, and as many as it sees."""
    for session in sessions:
        session.cursor.execute(
            "WITH listed AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM batch WHERE deleted_at IS NULL) "
            "SELECT (SELECT count(*) FROM listed), batch_listed_total(), "
            "(SELECT count(*) FROM listed WHERE batch_listed_at(place) IS DISTINCT FROM id)")
        real, total, misplaced = session.cursor.fetchone()
        assert (total, misplaced) == (real, 0)
    return True


def test_a_batch_that_was_long_in_coming_has_its_place(sessions):
    first, second = sessions
    come(second)
    first.say("BEGIN")
    late = first.accept()[0]["id"]
    _, last = come(second)
    for _ in range(3):
        settle_all(second)
    assert border(second) <= late and right(first, second), "below it all may be settled, above it nothing"
    first.say("COMMIT")
    settle_all(second)
    assert border(second) == last // 100 * 100 > late and right(first, second)


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
@pytest.mark.parametrize("gone", ["DELETE FROM batch WHERE id = {}", "UPDATE batch SET deleted_at = now() WHERE id = {}"],
                         ids=["removed", "withdrawn"])
def test_a_batch_goes_while_its_block_is_summed_up(stack, sessions, gone, end):
    """Before the sum and seen after it; and after the sum, before that is seen."""
    first, second = sessions
    low, _ = come(second)
    assert settle(second), "nobody writes: the next step settles"
    first.say("BEGIN")
    first.say(gone.format(low + 20))
    settle_all(second)
    assert border(second) > low + 120 and right(first, second)
    first.say(end)
    assert right(first, second)

    low, _ = come(second)
    settle(second)
    second.say("BEGIN")
    settle_all(second)
    first.say(gone.format(low + 120))
    first.accept()
    assert right(first, second), "nobody has waited for the one who sums up"
    second.say("COMMIT")
    assert right(first, second)
    settle_all(second)
    assert right(first, second)
    assert stack.postgres.value("SELECT count(*) FROM batch_listed_change WHERE first_id < %s", (border(second),)) == 0


def test_of_two_that_sum_up_one_does_and_the_other_does_not_wait(sessions):
    first, second = sessions
    come(first)
    settle(first)
    first.say("BEGIN")
    settle_all(first)
    assert not settle(second)
    first.say("COMMIT")
    assert right(first, second)
    settle_all(second)
    assert right(first, second)


def test_the_ledger_is_emptied_while_it_is_summed_up(stack, sessions):
    first, second = sessions
    come(first)
    settle(first)
    first.say("BEGIN")
    settle_all(first)
    emptied = Later(second.say, "TRUNCATE batch CASCADE")
    waits(stack, "TRUNCATE")
    first.say("COMMIT")
    emptied.result()
    assert border(second) == 0 and right(first, second)

    come(first)
    settle(first)
    second.say("BEGIN")
    second.say("TRUNCATE batch CASCADE")
    settled = Later(settle_all, first)
    waits(stack)
    second.say("COMMIT")
    settled.result()
    come(second)
    assert right(first, second)
    settle_all(first)
    assert right(first, second)
