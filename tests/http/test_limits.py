# SPDX-License-Identifier: Apache-2.0
"""How many batches of a cluster, a queue and a user may run and wait. What ran at once is read from the ledger's events."""
import contextlib

import k8s_client
import pytest
import spark_rest
from k8s_client import Driver, report, watch_path
from statements import Session, most_at_once
from test_operations import metrics
from waiting import wait_for

pytestmark = pytest.mark.usefixtures("kube", "clean", "repaired")
POST = {"file": "local:///opt/app.py"}


@pytest.fixture
def limit(stack):
    """limit(max_running=1): the cluster has these limits from now on. Anybody may name a user."""
    def set_limits(**keys):
        stack.reconfigure({"proxy_users": {"*": "ann, ben, cat"}, "clusters": {"default": keys}})

    yield set_limits
    stack.reconfigure()


@pytest.fixture
def session(stack):
    made = Session(stack.postgres)
    with contextlib.closing(made.connection):
        yield made


def events(stack, batch_id):
    return [event["kind"] for event in stack.events(batch_id)]


def end(stack, kube, batch_id):
    """Plays the operator: its application has run."""
    kube.report(stack.wait_state(batch_id, "starting")["object_name"], "COMPLETED")
    stack.wait_state(batch_id, "success")


def wait_admitted(stack, batch_id):
    wait_for(f"batch {batch_id} to have its turn", lambda: "admitted" in events(stack, batch_id))


def test_beyond_what_may_wait_the_client_is_told_when_to_come_again(stack, kube, livy, limit):
    limit(queue_max_running={"etl": 1}, queue_max_waiting={"etl": 2})
    first, second, third = (livy.submit(queue="etl") for _ in range(3))
    assert {batch["state"] for batch in (first, second, third)} == {"starting"}
    assert second["message"] == "waits for its turn: queue 'etl' runs 1 of 1"

    refused = livy.post({**POST, "queue": "etl", "name": "refused"})
    assert refused.status == 429 and refused.headers["retry-after"] == "10"
    assert refused.json() == {"msg": "queue 'etl' of cluster 'default' has 2 of 2 batches waiting: try again later, or end some "
                                     "of them (DELETE /batches/ID)"}
    other_door = spark_rest.SparkRest(stack.spark_port)
    answer = other_door.create(spark_rest.creation({"spark.yarn.queue": "etl"}))
    assert answer.status == 429 and answer.headers["retry-after"] == "10"
    assert answer.json()["action"] == "ErrorResponse" and "2 of 2 batches waiting" in answer.json()["message"]
    assert stack.postgres.value("SELECT count(*) FROM batch") == 3, "nothing is kept of what was refused"
    assert livy.submit()["message"] is None, "who asks for no queue has no such limit"

    assert livy.delete(f"/batches/{second['id']}").status == 200
    fourth = livy.submit(queue="etl", name="refused")
    stack.wait_state(second["id"], "killed")
    assert events(stack, second["id"]) == ["accepted", "delete", "state"], "nothing of it was ever made"
    for batch in (first, third, fourth):
        end(stack, kube, batch["id"])
    assert most_at_once(stack.postgres, "queue")["etl",] == 1
    assert len(kube.applications()) == 4


def test_who_waits_is_shown_what_for(stack, kube, livy, limit):
    limit(max_running=1, queue_max_running={"etl": 5})
    first, *waiting = (livy.submit(queue="etl")["id"] for _ in range(4))
    stack.wait_state(first, "starting")

    def message(batch_id):
        return livy.get(f"/batches/{batch_id}").json()["message"]

    words = "waits for its turn: cluster 'default' runs 1 of 1"
    assert [message(batch_id) for batch_id in waiting] == [
        f"{words}, none came before it", f"{words}, 1 came before it", f"{words}, 2 came before it"]
    listed = {batch["id"]: batch for batch in livy.get("/batches").json()["sessions"]}
    assert [listed[batch_id]["message"] for batch_id in waiting] == [words] * 3
    assert [listed[batch_id]["state"] for batch_id in waiting] == ["starting"] * 3
    (cluster,) = stack.everything.get("/clusters").json()["clusters"]
    assert (cluster["running"], cluster["waiting"]) == (1, 3)
    counted = metrics(stack)
    assert counted['sparkgate_queue_running{cluster="default",queue="etl"}'] == 1
    assert counted['sparkgate_queue_waiting{cluster="default",queue="etl"}'] == 3
    assert counted['sparkgate_pushes_owed{cluster="default"}'] == 0, "nobody has to push what waits"

    end(stack, kube, first)
    wait_admitted(stack, waiting[0])
    assert message(waiting[1]) == f"{words}, none came before it"
    stack.wait_state(waiting[0], "starting")
    assert message(waiting[0]) is None


def test_a_repeated_key_is_answered_however_full_it_is(stack, livy, limit):
    limit(max_running=0, max_waiting=1)
    key = {"Idempotency-Key": "once"}
    first = livy.post(POST, headers=key)
    assert first.status == 201 and livy.post(POST).status == 429
    again = livy.post(POST, headers=key)
    assert again.status == 201 and again.json()["id"] == first.json()["id"]
    assert livy.post({**POST, "args": ["other"]}, headers=key).status == 409


def test_limits_that_are_lowered_end_nothing_and_those_taken_away_let_all_run(stack, kube, livy, limit):
    limit(max_running=2)
    ids = [livy.submit()["id"] for _ in range(5)]
    for batch_id in ids[:2]:
        stack.wait_state(batch_id, "starting")
    limit(max_running=1)
    end(stack, kube, ids[0])
    stack.wait_leased()
    assert livy.state(ids[1]) == "starting" and stack.row(ids[2])["admitted_at"] is None, "one too many still runs"
    end(stack, kube, ids[1])
    wait_admitted(stack, ids[2])
    stack.reconfigure()
    for batch_id in ids[2:]:
        end(stack, kube, batch_id)
    assert most_at_once(stack.postgres) == {(): 3}


def next_turn(rows, queue_most, user_most):
    """Whose turn it is by the manual: of one queue, the user with the fewest running there, then who came first."""
    running = [row["proxy_user"] for row in rows if row["admitted_at"] and not row["finished_at"]]
    waiting = [row for row in rows if not row["admitted_at"] and running.count(row["proxy_user"]) < user_most]
    if len(running) >= queue_most or not waiting:
        return None
    return min(waiting, key=lambda row: (running.count(row["proxy_user"]), row["id"]))["id"]


def test_twenty_batches_of_three_users_take_turns(stack, kube, livy, limit):
    limit(queue_max_running={"etl": 3}, user_max_running={"*": 2})
    users = ["ann"] * 10 + ["ben"] * 6 + ["cat"] * 4
    ids = [livy.submit(proxyUser=user, queue="etl")["id"] for user in users]
    order = []

    def rows():
        return stack.postgres.rows("SELECT * FROM batch WHERE queue = 'etl' ORDER BY id")

    while len(order) < len(ids):
        order.append(min((row for row in rows() if row["admitted_at"] and not row["finished_at"]),
                         key=lambda row: (row["admitted_at"], row["id"]))["id"])
        expected = next_turn([dict(row, finished_at=row["finished_at"] or row["id"] == order[-1]) for row in rows()], 3, 2)
        end(stack, kube, order[-1])
        if expected is not None:
            wait_admitted(stack, expected)
        wait_for("nobody else to have a turn", lambda: next_turn(rows(), 3, 2) is None)
    assert sorted(order) == ids
    assert most_at_once(stack.postgres, "queue")["etl",] == 3
    assert max(most_at_once(stack.postgres, "queue", "user").values()) == 2
    names = dict(zip(ids, users, strict=True))
    first_of_each = [order.index(ids[users.index(user)]) for user in ("ann", "ben", "cat")]
    assert max(first_of_each) <= 3, f"nobody waits for all of another: {[names[batch_id] for batch_id in order]}"


@pytest.mark.parametrize("step", ["turn.give", "turn.given"])
def test_a_watcher_killed_while_it_gives_turns_gives_none_twice(stack, kube, livy, limit, session, step):
    limit(max_running=1)
    ids = [livy.submit()["id"] for _ in range(3)]
    stack.wait_state(ids[0], "starting")
    stack.watcher.stop()
    assert session.run("batch_move", ids[0], "starting", "success", None, None, None, None, 1, "f", None, None, 0)
    watcher = stack.start_watcher(SPARKGATE_FAILPOINTS=f"{step}=1", SPARKGATE_FAILPOINTS_LOG=str(stack.run / "failpoints"))
    wait_for(f"a kill at {step}", lambda: watcher.pid is None)
    stack.start_watcher()
    for batch_id in ids[1:]:
        end(stack, kube, batch_id)
        assert events(stack, batch_id).count("admitted") == events(stack, batch_id).count("pushed") == 1
    assert most_at_once(stack.postgres) == {(): 1}
    assert len(kube.applications()) == 3


def test_a_worker_killed_after_it_let_a_batch_wait_has_kept_it(stack, kube, livy, limit):
    limit(max_running=1)
    first = livy.submit()["id"]
    stack.restart_workers(SPARKGATE_FAILPOINTS="submit.committed=1", SPARKGATE_FAILPOINTS_LOG=str(stack.run / "failpoints"))
    key = {"Idempotency-Key": "kept"}
    assert livy.post(POST, headers=key).status in (502, 503)
    stack.restart_workers()
    again = livy.post(POST, headers=key)
    assert again.status == 201 and "runs 1 of 1" in again.json()["message"]
    end(stack, kube, first)
    end(stack, kube, again.json()["id"])
    assert stack.postgres.value("SELECT count(*) FROM batch") == 2 == len(kube.applications())
    assert most_at_once(stack.postgres) == {(): 1}


def test_a_driver_of_master_k8s_waits_as_well(stack, kube):
    limits = {"max_running": 1, "max_waiting": 1}
    with k8s_client.opened(stack, {"clusters": {"default": limits}}) as client:
        stack.wait_leased()
        drivers = [Driver() for _ in range(3)]
        begun = [client.begin(driver).json()["metadata"]["uid"] for driver in drivers]
        first, second, third = (client.apply(uid, driver, driver.config_map())
                                for uid, driver in zip(begun, drivers, strict=True))
        assert first.status == second.status == 201
        assert third.status == 429 and third.headers["retry-after"] == "10"
        assert third.json()["reason"] == "TooManyRequests" and "1 of 1 batches waiting" in third.json()["message"]
        ids = [stack.postgres.value("SELECT id FROM batch WHERE driver_pod = %s", (driver.pod_name,)) for driver in drivers[:2]]
        assert "runs 1 of 1" in stack.row(ids[1])["message"]
        watched = client.get(watch_path(drivers[1]))
        assert watched.status == 200 and watched.text == "", "its client asks again"
        stack.wait_state(ids[0], "starting")
        report(kube, drivers[0], "Succeeded", 0, "Completed")
        wait_admitted(stack, ids[1])
        stack.wait_state(ids[1], "starting")
        assert client.pod(drivers[1].pod_name).status == 200, "then it is in the cluster"
        again = client.apply(begun[2], drivers[2], drivers[2].config_map())
        assert again.status == 201, "what was refused was kept, and is completed by trying again"
        assert most_at_once(stack.postgres) == {(): 1}
