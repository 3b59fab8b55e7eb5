# SPDX-License-Identifier: Apache-2.0
"""Filters, order, cursor and total of GET /batches; and what retention takes away. Contract livy.md 4.4 and fault 22."""
import concurrent.futures
import urllib.parse

import pytest

from waiting import wait_for

INSERT = """
INSERT INTO batch (uid, request_digest, protocol, name, owner, cluster, namespace, operator_kind, request, state,
                   accepted_at, finished_at)
SELECT gen_random_uuid(), '', (CASE n %% 4 WHEN 0 THEN 'spark_rest' ELSE 'livy' END)::batch_protocol, 'job-' || n %% 7 || '-' || n, 'user' || n %% 5,
       CASE n %% 3 WHEN 0 THEN 'west' ELSE 'default' END, 'spark', 'kubeflow', '{}', state::batch_state,
       accepted_at, accepted_at
FROM generate_series(1, %(count)s) AS n,
     LATERAL (SELECT (ARRAY['success', 'dead', 'killed', 'error'])[1 + n %% 4] AS state,
                     now() - interval '30 days' + n * interval '1 hour' AS accepted_at) AS made
"""
COUNT = 500

FILTERS = [
    ({}, lambda row: True),
    ({"state": "dead"}, lambda row: row["state"] == "dead"),
    ({"state": "dead,killed"}, lambda row: row["state"] in ("dead", "killed")),
    ({"owner": "user3"}, lambda row: row["owner"] == "user3"),
    ({"cluster": "west"}, lambda row: row["cluster"] == "west"),
    ({"namePrefix": "job-6-"}, lambda row: row["name"].startswith("job-6-")),
    ({"owner": "user1", "state": "success"}, lambda row: row["owner"] == "user1" and row["state"] == "success"),
    ({"cluster": "west", "namePrefix": "job-1", "state": "error,dead"},
     lambda row: row["cluster"] == "west" and row["name"].startswith("job-1") and row["state"] in ("error", "dead")),
    ({"owner": "nobody"}, lambda row: False),
    ({"protocol": "spark_rest"}, lambda row: row["protocol"] == "spark_rest"),
    ({"protocol": "livy", "cluster": "west"}, lambda row: row["protocol"] == "livy" and row["cluster"] == "west"),
    ({"protocol": "k8s"}, lambda row: False),
    ({"state": "running"}, lambda row: False),
]


@pytest.fixture(scope="module")
def ledger(stack):
    """Finished batches in the order of ids, and none else."""
    stack.empty()
    stack.postgres.execute(INSERT, {"count": COUNT})
    yield stack.postgres.rows("SELECT id, name, owner, cluster, protocol::text, state::text, accepted_at FROM batch ORDER BY id")
    stack.empty()


def page(livy, **query):
    answer = livy.get("/batches?" + urllib.parse.urlencode(query))
    assert answer.status == 200, answer.text
    return answer.json()


def pages(livy, **query):
    """All ids, page after page."""
    ids, cursor = [], ""
    while cursor is not None:
        body = page(livy, **query, cursor=cursor)
        assert list(body) == ["from", "total", "sessions", "next"]
        ids += [batch["id"] for batch in body["sessions"]]
        assert body["next"] != cursor
        cursor = body["next"]
    return ids


def test_without_a_new_parameter_the_list_is_livys(livy, ledger):
    body = page(livy, **{"from": 10, "size": 5})
    assert list(body) == ["from", "total", "sessions"]
    assert (body["from"], body["total"]) == (10, COUNT)
    assert [batch["id"] for batch in body["sessions"]] == [row["id"] for row in ledger[10:15]]
    assert list(body["sessions"][0])[:8] == ["id", "name", "owner", "proxyUser", "state", "appId", "appInfo", "log"]


def settled(database):
    """Has a watcher counted what has come, by blocks of ids? Those that nobody got may have been drawn above."""
    return database.value("SELECT settled_before >= (SELECT max(id) FROM batch) / 100 * 100 FROM batch_listed_border")


def test_each_page_by_number_holds_its_own(livy, ledger, database):
    wait_for("the watcher", lambda: settled(database))
    ids = [row["id"] for row in ledger]
    for start in range(0, COUNT + 50, 37):
        body = page(livy, **{"from": start, "size": 40})
        assert [batch["id"] for batch in body["sessions"]] == ids[start:start + 40] and body["total"] == COUNT


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("query,wanted", FILTERS, ids=[str(row[0]) for row in FILTERS])
def test_pages_bring_each_wanted_batch_once_in_order(livy, ledger, query, wanted, order):
    ids = [row["id"] for row in ledger if wanted(row)]
    assert pages(livy, **query, order=order, limit=13) == (ids if order == "asc" else ids[::-1])


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("first,last", [(None, 100), (100, None), (100, 103), (250, 250), (0, COUNT - 1)])
def test_a_created_range_holds_its_beginning_and_not_its_end(livy, ledger, first, last, order):
    query = {}
    if first is not None:
        query["createdAfter"] = ledger[first]["accepted_at"].isoformat()
    if last is not None:
        query["createdBefore"] = ledger[last]["accepted_at"].isoformat()
    ids = [row["id"] for row in ledger[first or 0:COUNT if last is None else last]]
    assert pages(livy, **query, order=order, limit=50) == (ids if order == "asc" else ids[::-1])


def test_rare_ones_are_found_over_several_looks(livy, ledger, database):
    """More batches than one page looks at lie before what is wanted."""
    last = ledger[-1]["id"]
    database.execute(INSERT, {"count": 12000})
    database.execute("UPDATE batch SET owner = 'rare' WHERE id = (SELECT max(id) FROM batch)")
    try:
        rare = database.value("SELECT max(id) FROM batch")
        state = database.value("SELECT state::text FROM batch WHERE id = %s", (rare,))
        first = page(livy, cluster="west", createdAfter="2000-01-01", namePrefix="job-", owner="rare")
        assert [batch["id"] for batch in first["sessions"]] == [rare]
        assert pages(livy, state=state, namePrefix="job-", createdAfter="2000-01-01", limit=1000)[-1] == rare
        assert pages(livy, namePrefix="job-", createdAfter=ledger[0]["accepted_at"].isoformat(), limit=1000) == [
            row["id"] for row in database.rows("SELECT id FROM batch ORDER BY id")]
    finally:
        database.execute("DELETE FROM batch WHERE id > %s", (last,))


def test_a_total_that_would_have_to_be_counted_is_null(livy, ledger):
    assert page(livy, limit=1)["total"] == COUNT
    assert page(livy, owner="user1", limit=1)["total"] is None


def test_a_cursor_stays_good_while_batches_come_and_go(livy, ledger, database):
    first = page(livy, order="desc", limit=10)
    database.execute(INSERT, {"count": 3})
    new = [row["id"] for row in database.rows("SELECT id FROM batch WHERE id > %s", (ledger[-1]["id"],))]
    try:
        second = page(livy, order="desc", limit=10, cursor=first["next"])
        assert [batch["id"] for batch in second["sessions"]] == [row["id"] for row in ledger[-20:-10]][::-1]
    finally:
        database.execute("DELETE FROM batch WHERE id = ANY (%s)", (new,))


BAD = [
    ("state=idle", "state"), ("owner=", "owner"), ("protocol=rpc", "protocol"), ("namePrefix=", "namePrefix"), ("cluster=%ff", "cluster"),
    ("createdAfter=now", "createdAfter"), ("createdBefore=2026-02-30", "createdBefore"), ("order=up", "order"),
    ("limit=0", "limit"), ("limit=1001", "limit"), ("cursor=%00", "cursor"), ("cursor=zz", "cursor"),
    ("cursor=d1", "cursor"), ("from=1&order=asc", "from"),
]


@pytest.mark.parametrize("query,name", BAD, ids=[row[0] for row in BAD])
def test_a_bad_value_is_400_and_named(livy, same_workers, query, name):
    answer = livy.get(f"/batches?{query}")
    assert answer.status == 400
    assert list(answer.json()) == ["msg"]
    assert answer.json()["msg"].startswith(f"{name}:")


def counted(database):
    return database.row("""
        WITH listed AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM batch WHERE deleted_at IS NULL)
        SELECT batch_listed_total() AS kept, (SELECT count(*) FROM listed) AS real,
               (SELECT count(*) FROM listed WHERE batch_listed_at(place) IS DISTINCT FROM id) AS misplaced""")


def test_total_and_places_are_exact_whatever_happens_at_once(clean, database):
    """Inserts, deletions, withdrawals and rollbacks from many connections, and blocks that are settled meanwhile; each look
    sees kept = real, and every batch at its place."""
    def churn(seed):
        connection = database.connect(autocommit=False)
        try:
            for step in range(30):
                with connection.cursor() as cursor:
                    cursor.execute(INSERT, {"count": 1 + (seed + step) % 4})
                    if step % 3 == 0:
                        cursor.execute("UPDATE batch SET deleted_at = now() WHERE id IN (SELECT id FROM batch "
                                       "WHERE deleted_at IS NULL LIMIT 2 FOR UPDATE SKIP LOCKED)")
                    if step % 5 == 0:
                        cursor.execute("DELETE FROM batch WHERE id IN (SELECT id FROM batch LIMIT 3 "
                                       "FOR UPDATE SKIP LOCKED)")
                    if step % 7 == 0:
                        cursor.execute("UPDATE batch SET deleted_at = NULL WHERE id IN (SELECT id FROM batch "
                                       "WHERE deleted_at IS NOT NULL LIMIT 1 FOR UPDATE SKIP LOCKED)")
                if step % 4 == 0:
                    connection.rollback()
                else:
                    connection.commit()
        finally:
            connection.close()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        running = [pool.submit(churn, seed) for seed in range(8)]
        while not all(future.done() for future in running):
            database.value("SELECT batch_listed_settle(100)")
            look = counted(database)
            assert look["kept"] == look["real"] and look["misplaced"] == 0
        for future in running:
            future.result()
    wait_for("the watcher", lambda: settled(database))
    look = counted(database)
    assert look["kept"] == look["real"] > 0 and look["misplaced"] == 0
    assert clean.livy.get("/batches?size=1").json()["total"] == look["real"]
    database.execute("TRUNCATE batch, batch_event, batch_log CASCADE")
    assert counted(database) == {"kept": 0, "real": 0, "misplaced": 0}


def test_the_object_of_what_ended_goes_first_and_the_row_much_later(clean, kube, livy, database):
    old, kept = livy.submit()["id"], livy.submit()["id"]
    names = {batch_id: clean.row(batch_id)["object_name"] for batch_id in (old, kept)}
    for name in names.values():
        wait_for("the object", lambda name=name: kube.application(name))
        kube.report(name, "COMPLETED")
    for batch_id in (old, kept):
        clean.wait_state(batch_id, "success")
    ttl = kube.application(names[old])["spec"]["timeToLiveSeconds"]
    assert ttl == 24 * 3600 + 7 * 86400

    clean.age("25 hours", [old])
    clean.watcher.stop()
    clean.start_watcher()
    wait_for("the old object's end", lambda: kube.application(names[old]) is None)
    wait_for("the note of it", lambda: clean.row(old)["object_deleted_at"] is not None)
    assert kube.application(names[kept]) is not None
    assert livy.state(old) == "success"
    assert livy.get(f"/batches/{old}/log").status == 200

    database.execute("INSERT INTO batch_log SELECT %s, n * 1000, '{x}' FROM generate_series(1, 1200) AS n", (old,))
    clean.age("91 days", [old])
    clean.watcher.stop()
    clean.start_watcher()
    wait_for("the old row's end", lambda: livy.get(f"/batches/{old}").status == 404)
    wait_for("the end of its log", lambda: database.value("SELECT count(*) FROM batch_log WHERE batch_id = %s", (old,)) == 0)
    wait_for("the end of its events", lambda: clean.events(old) == [])
    assert livy.state(kept) == "success"
    assert livy.get("/batches").json()["total"] == 1


def test_what_has_not_ended_is_never_too_old(clean, livy, database):
    batch_id = livy.submit()["id"]
    database.execute("UPDATE batch SET accepted_at = now() - interval '10 years' WHERE id = %s", (batch_id,))
    database.execute(INSERT, {"count": 1})
    old = database.value("SELECT max(id) FROM batch")
    clean.age("10 years", [old])
    clean.watcher.stop()
    clean.start_watcher()
    wait_for("a round of retention", lambda: livy.get(f"/batches/{old}").status == 404)
    assert livy.get(f"/batches/{batch_id}").status == 200
