# SPDX-License-Identifier: Apache-2.0
"""Driver logs outlive their pods: whole, in order, with absolute line numbers."""
import pytest

from live_batch import PROGRAMS, SMALL, LiveBatch, program_lines
from waiting import wait_for

COUNTS = (0, 1, 100, 101, 25_000)


@pytest.fixture(scope="module")
def finished(live):
    """Line count -> a batch that printed so many, whose object and pods are gone."""
    batches = {
        count: LiveBatch(live, f"{PROGRAMS}/lines.py", args=[str(count)], conf=SMALL) for count in COUNTS
    }
    for batch in batches.values():
        batch.wait("success")
    names = [batch.row()["object_name"] for batch in batches.values()]
    pods = [batch.row()["driver_pod"] for batch in batches.values()]
    live.kubectl("delete", "sparkapplications", *names)
    live.kubectl("delete", "pods", "--ignore-not-found", "--grace-period=1", *pods)
    wait_for("the pods' end", lambda: not live.kubectl("get", "pods", "--ignore-not-found", "-o", "name", *pods))
    return batches


@pytest.mark.parametrize("count", COUNTS)
def test_the_log_is_whole_after_object_and_pods_are_gone(finished, count):
    batch = finished[count]
    assert batch.state() == "success", "an object deleted after its end changes nothing"
    log = read_whole(batch)
    assert program_lines(log) == [f"line {number}" for number in range(count)]
    assert batch.log("from=0&size=1")["total"] == len(log) == int(batch.row()["log_lines_count"])


def read_whole(batch, size=997):
    """As Airflow reads it: page after page, one past the end; the odd size crosses every boundary of the store."""
    lines, start = [], 0
    while True:
        page = batch.log(f"from={start}&size={size}")
        lines += page["log"]
        start += size
        if start > page["total"]:
            return lines


def test_pages_have_absolute_line_numbers(finished):
    batch = finished[25_000]
    total = batch.log()["total"]
    first = read_whole(batch).index("line 0")
    for start, size in ((0, 1), (999, 2), (1000, 1), (12_345, 100), (24_990, 10)):
        page = batch.log(f"from={first + start}&size={size}")
        assert page == {
            "id": batch.id, "from": first + start, "total": total,
            "log": [f"line {number}" for number in range(start, start + size)],
        }
    assert batch.log(f"from={total}&size=100")["log"] == []
    assert batch.log("size=3")["from"] == total - 3
    assert batch.log("")["from"] == total - 100 and len(batch.log("")["log"]) == 100
    assert len(batch.log("from=0")["log"]) == 100
