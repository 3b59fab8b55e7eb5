# SPDX-License-Identifier: Apache-2.0
"""Partitions are made and dropped beside those who read and write: nobody fails, and nobody waits for long."""
import contextlib
import threading

import psycopg2.errors
import pytest
from statements import Session

TABLES = ("batch_event", "batch_log")


@pytest.fixture
def session(stack):
    """Nobody but these: the watcher would take part."""
    stack.watcher.stop()
    stack.postgres.execute("TRUNCATE batch, batch_event, batch_log CASCADE")
    one = Session(stack.postgres)
    with contextlib.closing(one.connection):
        yield one
    stack.start_watcher()


def ids_go_on(stack, table):
    """To the last partition before the open one, so that ahead of them some are missing. One by one: clients take ids, too."""
    stack.postgres.execute(
        "SELECT count(nextval(ids)) FROM CAST(pg_get_serial_sequence('batch', 'id') AS regclass) AS ids, LATERAL generate_series("
        "nextval(ids), (SELECT max(from_id) - 10 FROM batch_partition WHERE of_table = CAST(%s AS regclass)))", (table,))


@pytest.mark.parametrize("table", TABLES)
def test_who_has_the_table_for_long_is_not_disturbed(stack, session, table):
    """As pg_dump has: nothing is made meanwhile, everybody else goes on, and what is accepted finds its place."""
    ids_go_on(stack, table)
    batch_id = session.accept()[0]["id"]
    with contextlib.closing(stack.postgres.connect(autocommit=False)) as dump, dump.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS SHARE MODE")
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            session.run("retention_partition_make", table)
        assert session.run("batch_log_append", batch_id, 0, '["a"]', 1, 1, 1, 0, False) == [{"id": batch_id}]
        assert session.accept()[0]["id"] == batch_id + 1
    assert session.run("retention_partition_make", table)[0]["name"] is not None


@pytest.mark.parametrize("table", TABLES)
def test_what_an_unfinished_transaction_has_written_is_not_lost(stack, session, table):
    """It holds the open partition while that is to be closed."""
    ids_go_on(stack, table)
    with contextlib.closing(stack.postgres.connect(autocommit=False)) as slow, slow.cursor() as cursor:
        batch_id = session.accept()[0]["id"]
        cursor.execute("INSERT INTO batch_event (batch_id, kind, state) VALUES (%s, 'slow', 'accepted')", (batch_id + 20000,))
        cursor.execute("INSERT INTO batch_log VALUES (%s, 0, '{slow}')", (batch_id + 20000,))
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            session.run("retention_partition_make", table)
        slow.commit()
    assert session.run("retention_partition_make", table)[0]["name"] is not None
    assert stack.postgres.value(f"SELECT count(*) FROM {table} WHERE batch_id = %s", (batch_id + 20000,)) == 1


def test_batches_are_accepted_while_partitions_are_made_and_dropped(stack, session):
    """Many more than a busy year has. Whoever meets one waits a moment."""
    stop, failed, accepted = threading.Event(), [], []

    def accept():
        own = Session(stack.postgres)
        with contextlib.closing(own.connection):
            while not stop.is_set():
                try:
                    batch_id = own.accept()[0]["id"]
                    own.run("batch_log_append", batch_id, 0, '["a"]', 1, 1, 1, 0, False)
                    own.run("batch_log_page", batch_id, 0, 10)
                    accepted.append(batch_id)
                except psycopg2.Error as error:
                    failed.append(error)
                    return

    clients = [threading.Thread(target=accept) for _ in range(3)]
    for client in clients:
        client.start()
    done = {"make": 0, "drop": 0}
    try:
        while min(done.values()) < 12 and not failed:
            for table in TABLES:
                ids_go_on(stack, table)
                # what those of before have is an hour old, and none of their batches is kept
                session.say("DELETE FROM batch WHERE id < (SELECT max(id) - 1000 FROM batch)")
                session.say("UPDATE batch SET accepted_at = now() - interval '2 hours' WHERE id = (SELECT min(id) FROM batch)")
                for what in done:
                    with contextlib.suppress(psycopg2.errors.LockNotAvailable):
                        done[what] += session.run(f"retention_partition_{what}", table)[0]["name"] is not None
    finally:
        stop.set()
        for client in clients:
            client.join()
    assert not failed, failed
    kept = stack.postgres.rows("SELECT id FROM batch WHERE id = ANY (%s)", (accepted,))
    assert kept
    for table in TABLES:
        assert stack.postgres.value(f"SELECT count(DISTINCT batch_id) FROM {table} WHERE batch_id = ANY (%s)",
                                    ([row["id"] for row in kept],)) == len(kept)
