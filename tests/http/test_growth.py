# SPDX-License-Identifier: Apache-2.0
"""A watcher keeps the partitions of events and logs: one is there for what comes, and what is gone gives back its space."""
import re

from waiting import wait_for

TABLES = ("batch_event", "batch_log")


def partition_of(database, table, batch_id):
    return database.value(f"SELECT DISTINCT tableoid::regclass::text FROM {table} WHERE batch_id = %s", (batch_id,))


def ended(stack, kube, livy):
    batch_id = livy.submit()["id"]
    name = stack.row(batch_id)["object_name"]
    wait_for("the object", lambda: kube.application(name))
    kube.report(name, "COMPLETED")
    stack.wait_state(batch_id, "success")
    stack.write_log(batch_id, [f"line {number} of {batch_id}" for number in range(2500)])
    return batch_id


def test_partitions_are_made_ahead_and_dropped_with_their_last_batch(clean, kube, livy, database):
    old = ended(clean, kube, livy)
    # ids pass on to the last partition before the open one: none is ahead
    database.execute("SELECT setval(pg_get_serial_sequence('batch', 'id'), max(from_id) - 10) FROM batch_partition")
    new = ended(clean, kube, livy)
    partitions = {table: (partition_of(database, table, old), partition_of(database, table, new)) for table in TABLES}
    assert all(first != last for first, last in partitions.values()), partitions

    clean.age("91 days", [old])
    database.execute("UPDATE batch SET accepted_at = now() - interval '2 hours' WHERE id = %s", (new,))
    clean.watcher.stop()
    clean.start_watcher()
    for table, (first, last) in partitions.items():
        wait_for(f"two partitions of {table} ahead", lambda table=table: database.value(
            "SELECT count(*) FROM batch_partition WHERE of_table = %s::regclass AND from_id > %s AND to_id IS NOT NULL",
            (table, new)) == 2)
        wait_for(f"the end of {first}", lambda first=first: database.value("SELECT to_regclass(%s)", (first,)) is None)
        assert partition_of(database, table, new) == last
    assert livy.get(f"/batches/{old}").status == livy.get(f"/batches/{old}/log").status == 404
    assert livy.get(f"/batches/{new}/log?from=2400&size=1").json()["log"] == [f"line 2400 of {new}"]
    said = clean.log_texts()["watcher.log"]
    assert "event=partition_made" in said
    assert re.search(rf"event=partition_dropped .*partition={partitions['batch_log'][0]}\b", said)
