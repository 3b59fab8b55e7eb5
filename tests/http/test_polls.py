# SPDX-License-Identifier: Apache-2.0
"""Polls of a state that nginx answers by itself (nginx/polls.conf): whose they are, how old, and never from before a kill."""
import contextlib
import http.client

import k8s_client
import pytest
import second_nginx
from k8s_client import Driver
from livy import Livy
from polls import Poll, Pollers, asked_workers, new_id
from spark_rest import SparkRest, batch_of
from waiting import LIMIT_S, wait_for

KILLS = 25  # were answers not held back, one in two would be followed by an older state


def test_most_polls_of_many_clients_are_answered_without_a_worker(stack, livy):
    batch_id = livy.submit()["id"]
    with Pollers(stack, [livy.port]) as pollers:
        pollers.watch([batch_id])
        wait_for("more kept answers than others", lambda: pollers.kept() > len(pollers.done) / 2 > 100)


def test_a_kept_answer_is_like_a_worker_s_and_has_its_own_request_s_id(stack, livy):
    batch_id = livy.submit()["id"]
    kept = []

    def look():
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", livy.port, timeout=LIMIT_S)) as connection:
            polls = [Poll(livy.port, batch_id, connection) for _ in range(20)]
        asked = asked_workers(stack)
        kept.extend(poll for poll in polls if poll.id not in asked)
        return [poll for poll in polls if poll.id in asked] if kept else []

    fresh = wait_for("a kept answer", look)[0]

    def shown(poll):
        return [(name, value) for name, value in sorted(poll.headers) if name not in ("Date", "X-Request-Id")]

    for poll in (fresh, *kept):
        assert [value for name, value in poll.headers if name == "X-Request-Id"] == [poll.id]
        assert (poll.status, shown(poll)) == (200, shown(fresh))
    assert ("Cache-Control", "no-store") in shown(fresh)


def test_a_change_is_seen_while_polls_go_on(stack, kube, livy, batch):
    """How old an answer may be is the length of a slot; that each slot asks anew is seen here."""
    batch_id, name = batch
    with Pollers(stack, [livy.port]) as pollers:
        pollers.watch([batch_id])
        for reported, state in (("RUNNING", "running"), ("COMPLETED", "success")):
            kube.report(name, reported)
            wait_for("polls to see it", lambda state=state: livy.state(batch_id, fresh=False) == state)


def kill_by_livy(stack, batch_id, _):
    answer = stack.livy.delete(f"/batches/{batch_id}")
    assert answer.status == 200 and answer.json() == {"msg": "deleted"}, answer


def kill_by_spark(stack, batch_id, submission):
    answer = SparkRest(stack.spark_port).kill(submission)
    assert answer["success"] and answer["submissionId"] == submission, answer


def kill_all_by_spark(stack, batch_id, submission):
    answer = SparkRest(stack.spark_port).call("POST", "/v1/submissions/killall")
    assert answer.status == 200 and answer.json()["success"], answer


def submitted(stack, how):
    """A batch's id, and what it is called by those who end it."""
    if how is kill_by_livy:
        return stack.livy.submit()["id"], None
    submission = SparkRest(stack.spark_port).submit()
    return batch_of(submission), submission


@pytest.mark.parametrize("how", [kill_by_livy, kill_by_spark, kill_all_by_spark])
def test_who_has_killed_a_batch_sees_it_killed_by_whichever_nginx(stack, how):
    with contextlib.ExitStack() as both:
        ports = [stack.livy.port, stack.everything.port, both.enter_context(second_nginx.opened(stack)).port]
        pollers = both.enter_context(Pollers(stack, ports, count=2))
        for _ in range(KILLS):
            batch_id, name = submitted(stack, how)
            pollers.watch([batch_id])
            how(stack, batch_id, name)
            for port in ports:
                assert Livy(port).state(batch_id, fresh=False) == "killed"


def test_so_does_who_has_deleted_the_pod(stack, kube, livy):
    with k8s_client.opened(stack) as client, Pollers(stack, [livy.port]) as pollers:
        for _ in range(KILLS // 5):
            driver = Driver()
            client.submit(driver)
            batch_id = stack.postgres.value("SELECT max(id) FROM batch WHERE protocol = 'k8s'")
            pollers.watch([batch_id])
            before = livy.state(batch_id)
            answer = client.delete_pod(driver.pod_name)
            assert answer.status == 200 and answer.json()["status"] == "Success", answer
            after = livy.state(batch_id, fresh=False)
            assert (before, after) == ("starting", "killed")


def test_a_batch_is_there_for_whoever_has_made_it(stack, livy):
    """Nothing is kept of ids that there are not."""
    for _ in range(5):
        next_id = livy.submit()["id"] + 1
        statuses = {Poll(livy.port, next_id).status for _ in range(20)}
        assert statuses == {404}
        made = livy.submit()["id"]
        assert made == next_id and Poll(livy.port, made).status == 200


@pytest.mark.parametrize("method, body", [("HEAD", None), ("GET", b"{}")])
def test_other_requests_all_reach_a_worker(stack, livy, method, body):
    batch_id = livy.submit()["id"]
    ids = {new_id() for _ in range(30)}
    for name in ids:
        answer = livy.call(method, f"/batches/{batch_id}/state", body, headers={"X-Request-Id": name})
        assert answer.status == 200 and answer.headers["content-length"] == str(len(f'{{"id":{batch_id},"state":"starting"}}'))
    assert ids <= asked_workers(stack)


def test_where_it_is_switched_off_each_poll_reaches_a_worker(stack, livy, repaired):
    stack.nginx.stop()
    stack.polls = "no"
    stack.start_nginx()
    try:
        batch_id = livy.submit()["id"]
        ids = {Poll(livy.port, batch_id).id for _ in range(50)}
        assert ids <= asked_workers(stack)
        kill_by_livy(stack, batch_id, None)
        assert livy.state(batch_id, fresh=False) == "killed"
    finally:
        stack.nginx.stop()
        stack.polls = "yes"
        stack.start_nginx()


def test_nobody_gets_at_what_is_held_for_another(livy):
    for path in ("/nginx/held/%7B%7D", "/nginx/refused"):
        assert livy.get(path).status == 404
