# SPDX-License-Identifier: Apache-2.0
"""Driver logs are followed while the driver runs: readable at once, whole whatever ends, and never twice."""
import urllib.request

import pytest

from live_batch import FINAL_STATES, PROGRAMS, SMALL, LiveBatch
from process import children
from waiting import wait_for

COUNT = 25_000


def printing(live, count):
    return LiveBatch(live, f"{PROGRAMS}/lines.py", args=[str(count)], conf=SMALL)


def stored(batch):
    return int(batch.row()["log_lines_count"])


def metric(live, name):
    with urllib.request.urlopen(f"{live.all_url}/metrics", timeout=30) as answer:
        values = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line[0] != "#")
    return int(values[name])


def ended(batch):
    return batch.row()["finished_at"] != ""


def read_from(batch, lines, size=997):
    """Appends what there is by now, page after page; line numbers are absolute, so nothing is asked for twice."""
    while True:
        page = batch.log(f"from={len(lines)}&size={size}")
        assert page["from"] == len(lines) and page["total"] >= len(lines)
        lines += page["log"]
        if not page["log"]:
            return lines


def assert_whole(batch, lines, count):
    assert [line for line in lines if line.startswith("line ")] == [f"line {number}" for number in range(count)]
    assert len(lines) == stored(batch) == batch.log("size=1")["total"]


def test_pages_that_are_read_while_the_log_grows_are_the_log(live):
    names = [f"sparkgate_{name}_total" for name in ("log_lines", "log_bytes", "logs_followed")]
    before = [metric(live, name) for name in names]
    batch, lines, totals = printing(live, COUNT), [], set()
    while batch.state() not in FINAL_STATES:
        read_from(batch, lines)
        totals.add(len(lines))
    assert batch.state() == "success", batch.story()
    assert_whole(batch, read_from(batch, lines), COUNT)
    assert len(totals) > 2, "the log was there at its end only"
    counted = [metric(live, name) - value for name, value in zip(names, before, strict=True)]
    assert counted[0] >= len(lines) and counted[1] >= sum(len(line) for line in lines) and counted[2] >= 1


def test_watchers_killed_in_the_middle_of_a_log_lose_no_line_and_double_none(live):
    with live.supervised_watchers(1) as supervisor:
        batch, kills = printing(live, COUNT), 0
        wait_for("the first lines", lambda: stored(batch) > 0, 240)
        while not ended(batch):
            before = stored(batch)
            kills += sum(live.kill9(pid) for pid in children(supervisor.pid))
            wait_for("more of the log, or its end", lambda: stored(batch) > before or ended(batch), 60)
        assert batch.state() == "success", batch.story()
        assert_whole(batch, read_from(batch, []), COUNT)
        assert kills > 0


@pytest.mark.parametrize("how", ["pod", "batch"])
def test_what_was_followed_outlives_a_pod_that_is_taken_away(live, how):
    batch = LiveBatch(live, f"{PROGRAMS}/wait.py", conf=SMALL)
    wait_for("lines of the program",
             lambda: sum(line.startswith("waiting") for line in batch.log()["log"]) >= 3, 240)
    before = batch.log()["log"]
    if how == "pod":
        live.kubectl("delete", "pod", batch.row()["driver_pod"], "--grace-period=1", "--wait=false")
    else:
        batch.delete()
    wait_for("the end", lambda: ended(batch), 60)
    assert batch.state() == ("dead" if how == "pod" else "killed")
    after = batch.log()["log"]
    seconds = [line for line in after if line.startswith("waiting")]
    assert after[:len(before)] == before
    assert seconds == [f"waiting, second {number + 1} of 600" for number in range(len(seconds))]


def test_a_driver_that_cannot_start_says_why_in_message_and_log(live):
    image = "registry.invalid/no-such-image:1"
    batch = LiveBatch(live, f"{PROGRAMS}/lines.py", conf=SMALL | {"spark.kubernetes.container.image": image})
    wait_for("the reason", lambda: image in batch.row()["message"], 180)
    assert batch.state() == "starting" and batch.log()["log"] == []
    assert batch.row()["message"].startswith(("ErrImagePull: ", "ImagePullBackOff: "))
    batch.delete()
    wait_for("the end", lambda: ended(batch), 60)
    assert any(image in line for line in batch.log()["log"])
