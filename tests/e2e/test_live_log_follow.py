# SPDX-License-Identifier: Apache-2.0
"""Driver logs are followed while the driver runs: readable at once, whole whatever ends, and never twice."""
import urllib.request

import pytest

from live_batch import FINAL_STATES, PROGRAMS, SMALL, LiveBatch, program_lines
from process import children
from waiting import LIMIT_S, wait_for

COUNT = 25_000


def printing(live, errands, thing):
    """Half of its lines, and the others when that thing is released."""
    url, _ = errands
    return LiveBatch(live, f"{url}/held_lines.py", args=[str(COUNT), f"{url}/{thing}"], conf=SMALL)


def stored(batch):
    return int(batch.row()["log_lines_count"])


def metric(live, name):
    with urllib.request.urlopen(f"{live.all_url}/metrics", timeout=LIMIT_S) as answer:
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


def assert_whole(batch, lines):
    assert program_lines(lines) == [f"line {number}" for number in range(COUNT)]
    assert len(lines) == stored(batch) == batch.log("size=1")["total"]


def test_pages_that_are_read_while_the_log_grows_are_the_log(live, errands):
    names = [f"sparkgate_{name}_total" for name in ("log_lines", "log_bytes", "logs_followed")]
    before = [metric(live, name) for name in names]
    batch, lines = printing(live, errands, "pages"), []
    wait_for("what it has printed by now", lambda: len(program_lines(read_from(batch, lines))) == COUNT // 2)
    assert batch.state() in ("starting", "running"), "it is held"
    errands[1]("pages")
    while batch.state() not in FINAL_STATES:
        read_from(batch, lines)
    assert batch.state() == "success", batch.story()
    assert_whole(batch, read_from(batch, lines))
    counted = [metric(live, name) - value for name, value in zip(names, before, strict=True)]
    assert counted[0] >= len(lines) and counted[1] >= sum(len(line) for line in lines) and counted[2] >= 1


def test_watchers_killed_in_the_middle_of_a_log_lose_no_line_and_double_none(live, errands):
    with live.supervised_watchers(1) as supervisor:
        batch = printing(live, errands, "watchers")
        wait_for("the first half", lambda: stored(batch) >= COUNT // 2)
        pids = wait_for("a watcher", lambda: children(supervisor.pid))
        assert all([live.kill9(pid) for pid in pids])
        errands[1]("watchers")
        while not ended(batch):
            before = stored(batch)
            wait_for("more of the log, or its end", lambda: stored(batch) > before or ended(batch))
            for pid in children(supervisor.pid):
                live.kill9(pid)
        assert batch.state() == "success", batch.story()
        assert_whole(batch, read_from(batch, []))


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
    wait_for("the end", lambda: ended(batch))
    assert batch.state() == ("dead" if how == "pod" else "killed")
    after = batch.log()["log"]
    seconds = [line for line in after if line.startswith("waiting")]
    assert after[:len(before)] == before
    assert seconds == [f"waiting, second {number + 1} of 600" for number in range(len(seconds))]


def test_a_driver_that_cannot_start_says_why_in_message_and_log(live):
    image = "localhost:1/there-is/none:1"
    batch = LiveBatch(live, f"{PROGRAMS}/lines.py", conf=SMALL | {"spark.kubernetes.container.image": image})
    wait_for("the reason", lambda: image in batch.row()["message"])
    assert batch.state() == "starting" and batch.log()["log"] == []
    assert batch.row()["message"].startswith(("ErrImagePull: ", "ImagePullBackOff: "))
    batch.delete()
    wait_for("the end", lambda: ended(batch))
    assert any(image in line for line in batch.log()["log"])
