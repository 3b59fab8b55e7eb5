# SPDX-License-Identifier: Apache-2.0
"""Batches from POST to their end, on a real Kubernetes with real Spark drivers."""
import math

from live_batch import PATIENT, PI, PROGRAMS, SMALL, LiveBatch, call
from live_watch import LiveWatch, application_state
from waiting import wait_for, within

# The promise: a change in the cluster is visible to clients within this.
VISIBLE_S = 2.0

# What the operator calls it -> what a client sees.
VISIBLE_AS = {"RUNNING": "running", "COMPLETED": "success", "FAILED": "dead"}


def late_s(watch, batch, object_name):
    """How long after the object's own change a client saw each state, in seconds."""
    wait_for("the watch to see the end", lambda: {"COMPLETED", "FAILED"} & set(watch.times(object_name)))
    shown = watch.times(object_name)
    return {VISIBLE_AS[state]: batch.seen[VISIBLE_AS[state]] - at
            for state, at in shown.items() if state in VISIBLE_AS}


def test_pi_runs_to_success_and_the_row_tells_its_story(live):
    batch = None

    def latest_s():
        nonlocal batch
        with LiveWatch(live, "sparkapplications", application_state) as watch:
            batch = LiveBatch(live, PI, numExecutors=1, args=["2"], conf=PATIENT)
            row = batch.row()
            assert row["state"] in ("accepted", "starting", "running") and row["request_id"]
            if batch.wait("running", "success") != "running":
                return math.inf  # nobody looked in time
            assert batch.show()["appId"], "Airflow links to the application while it runs"
            batch.wait("success")
            late = late_s(watch, batch, row["object_name"])
        print("a client saw, seconds after the object's change:", late)
        assert set(late) == {"running", "success"}, late
        return max(late.values())

    within(VISIBLE_S, latest_s)
    log = batch.log("size=-1")
    assert any(line.startswith("Pi is roughly 3.1") for line in log["log"]), log["log"][-5:]
    row = batch.row()
    shown = batch.show()
    assert shown["appId"] == row["app_id"] and row["app_id"].startswith("spark-")
    assert shown["log"] == log["log"][-10:] and int(row["log_lines_count"]) == log["total"]
    assert row["accepted_at"] <= row["pushed_at"] <= row["started_at"] <= row["finished_at"]
    assert row["reason"] == row["kill_requested_at"] == row["deleted_at"] == ""

    events = batch.events()
    assert [event["kind"] for event in events][:2] == ["accepted", "pushed"], events
    moves = [event["state"] for event in events]
    assert moves == sorted(moves, key=["accepted", "starting", "running", "success"].index), moves
    assert {"running", "success"} <= set(moves)


def test_a_program_that_exits_3_is_dead_with_its_exit_code(live):
    batch = LiveBatch(live, f"{PROGRAMS}/exit.py", args=["3"], conf=SMALL)
    batch.wait("dead")
    row = batch.row()
    assert row["reason"] == "exit_code"
    assert "ExitCode: 3" in row["message"] or "exit code 3" in row["message"], row["message"]
    assert "ending with status 3" in batch.log("size=-1")["log"]
    assert batch.events()[-1]["reason"] == "exit_code"


def test_delete_of_a_running_batch_kills_the_driver_and_keeps_the_log(live):
    batch = LiveBatch(live, f"{PROGRAMS}/wait.py", conf=SMALL)
    batch.wait("running")
    pod = batch.row()["driver_pod"]
    assert live.objects("pods", pod), "the driver was there to be killed"
    wait_for("a line of the running driver", lambda: "waiting, second 1 of 600" in batch.log("size=-1")["log"])

    assert batch.delete() == (200, {"msg": "deleted"})
    assert batch.state() == "killed", "a deleted batch answers its own routes, at once with its end"
    wait_for("the driver's end", lambda: not live.objects("pods", pod))
    wait_for("the object's end", lambda: not live.objects("sparkapplications", batch.row()["object_name"]))
    wait_for("the final state in the row", lambda: batch.row()["state"] == "killed")

    row = batch.row()
    assert row["reason"] == "killed_by_user" and row["finished_at"] and row["deleted_at"]
    assert "waiting, second 1 of 600" in batch.log("size=-1")["log"], "the log outlives the pod"
    status, page = call(f"{live.livy_url}/batches?size=1000")
    assert status == 200 and batch.id not in [listed["id"] for listed in page["sessions"]]
    assert batch.delete() == (200, {"msg": "deleted"}), "a repeated DELETE is no error"
