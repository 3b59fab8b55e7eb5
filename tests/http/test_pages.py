# SPDX-License-Identifier: Apache-2.0
"""Pages of the list and of archived logs (contract livy.md 4.3 and 4.6)."""
import pytest

LINES = 2500


@pytest.fixture(scope="module")
def log_id(stack):
    """A finished batch with an archive."""
    batch_id = stack.livy.submit(name="with a log")["id"]
    fill(stack, batch_id, 0)
    return batch_id


def fill(stack, batch_id, count):
    stack.write_log(batch_id, [f"line {number}" for number in range(count)])


@pytest.mark.parametrize("count", [0, 1, 19, 100, 101, 1000, LINES])
def test_log_pages(stack, log_id, count):
    """The table of the contract, for logs of several lengths."""
    fill(stack, log_id, count)
    cases = [
        ("", max(0, count - 100), 100), ("size=3", max(0, count - 3), 3), ("size=-1", 0, count),
        ("from=2&size=2", 2, 2), ("from=0", 0, 100), ("from=-5&size=2", max(0, count - 2), 2),
        (f"from={count}", count, 0), (f"from={count + 200}", count + 200, 0),
        ("from=5&size=2147483647", 5, count), ("from=7&size=-1", 7, count),
        ("size=0", count, 0), ("from=3&size=0", 3, 0),
        ("from=999&size=3", 999, 3), ("from=1000&size=1", 1000, 1), ("from=995&size=1010", 995, 1010),
    ]
    for query, start, size in cases:
        answer = stack.livy.get(f"/batches/{log_id}/log?{query}")
        wanted = [f"line {number}" for number in range(start, min(count, start + size))]
        assert answer.status == 200, query
        assert answer.json() == {"id": log_id, "from": start, "total": count, "log": wanted}, query


def test_a_batch_shows_the_last_ten_lines(stack, log_id):
    fill(stack, log_id, 19)
    assert stack.livy.get(f"/batches/{log_id}").json()["log"] == [f"line {number}" for number in range(9, 19)]


@pytest.mark.parametrize("query", ["from=x", "size=", "size=1e3", "from=2147483648", "size=-2147483649"])
def test_bad_numbers_are_refused(stack, log_id, query):
    assert stack.livy.get(f"/batches/{log_id}/log?{query}").status == 400


def test_lines_keep_their_characters(stack, log_id):
    lines = ['quote " and \\', "tab\tand ü😀", "", " blank ", "\u0001"]
    stack.write_log(log_id, lines)
    assert stack.livy.get(f"/batches/{log_id}/log").json()["log"] == lines


@pytest.fixture(scope="module")
def listed(stack):
    """Seven batches, of which the third is deleted: the ids of the other six, oldest first."""
    stack.empty()
    ids = [stack.livy.submit(name=f"listed {number}")["id"] for number in range(7)]
    assert stack.livy.delete(f"/batches/{ids[2]}").status == 200
    del ids[2]
    return ids


@pytest.mark.parametrize("query, start, end", [
    ("", 0, 6), ("from=0&size=2", 0, 2), ("from=2&size=3", 2, 5), ("from=5&size=9", 5, 6), ("from=6", 6, 6),
    ("from=-1&size=2", 0, 1), ("from=-10&size=3", 0, 0), ("size=0", 0, 0), ("size=-1", 0, 0),
    ("from=1&size=2147483647", 1, 6),
])
def test_list_pages(stack, listed, query, start, end):
    answer = stack.livy.get(f"/batches?{query}")
    body = answer.json()
    assert answer.status == 200 and body["total"] == 6
    assert [batch["id"] for batch in body["sessions"]] == listed[start:end]
    assert list(body) == ["from", "total", "sessions"]


def test_a_listed_batch_is_the_whole_batch(stack, listed):
    (shown,) = [batch for batch in stack.livy.get("/batches").json()["sessions"] if batch["id"] == listed[0]]
    assert shown == stack.livy.get(f"/batches/{listed[0]}").json()
    assert list(shown)[:8] == ["id", "name", "owner", "proxyUser", "state", "appId", "appInfo", "log"]


def test_finished_batches_stay_in_the_list(stack, log_id):
    stack.empty()
    batch_id = stack.livy.submit()["id"]
    stack.postgres.execute("UPDATE batch SET state = 'dead', finished_at = now() WHERE id = %s", (batch_id,))
    (shown,) = stack.livy.get("/batches").json()["sessions"]
    assert shown["id"] == batch_id and shown["state"] == "dead" and shown["finishedAt"]


def test_ids_grow_and_never_repeat(stack, listed):
    before = stack.livy.submit()["id"]
    stack.livy.delete(f"/batches/{before}")
    stack.workers.stop()
    stack.start_workers()
    assert stack.livy.submit()["id"] > before
