# SPDX-License-Identifier: Apache-2.0
"""Many small batches through a queue in which only a few may run: real drivers, each of which gives its place to the next."""
import pytest
from live_batch import PROGRAMS, SMALL, LiveBatch
from live_spark import ended_at_last
from test_live_k8s import batch_of, client, ended_as
from waiting import wait_for

AT_ONCE = 3
USERS = ["ann"] * 10 + ["ben"] * 6 + ["cat"] * 4
BEFORE = "    k8s_submissions: true\n"
LIMITS = f"    queue_max_running: {{small: {AT_ONCE}, held: 1}}\n"


def begin_workers_anew(live):
    """With the configuration as it is written now: who watches over them starts them at once."""
    before = live.worker_pids()
    for pid in before:
        live.kill9(pid)
    wait_for("as many workers as before", lambda: len(set(live.worker_pids()) - set(before)) == len(before))


@pytest.fixture(scope="module")
def limited(live):
    file = live.dir / "sparkgate.yaml"
    text = file.read_text(encoding="utf-8")
    assert BEFORE in text
    file.write_text('proxy_users: {"*": "ann, ben, cat"}\n' + text.replace(BEFORE, BEFORE + LIMITS), encoding="utf-8")
    try:
        with live.supervised_watchers(1):
            begin_workers_anew(live)
            yield live
    finally:
        file.write_text(text, encoding="utf-8")
        begin_workers_anew(live)


def test_twenty_batches_of_three_users_take_turns(limited):
    batches = [LiveBatch(limited, f"{PROGRAMS}/exit.py", args=["0"], queue="small", proxyUser=user, conf=SMALL) for user in USERS]
    for batch in batches:
        batch.wait("success")

    running, most, turns, all_here = 0, 0, [], None
    for event in limited.rows("SELECT proxy_user, kind, batch_event.message FROM batch_event JOIN batch ON batch.id = batch_id "
                              "WHERE queue = 'small' AND (kind IN ('accepted', 'admitted') OR batch_event.state = 'success') "
                              "ORDER BY batch_event.id"):
        if event["kind"] == "accepted":
            all_here = len(turns)
        if event["kind"] == "admitted" or (event["kind"] == "accepted" and not event["message"]):
            turns.append(event["proxy_user"])
            running += 1
        elif event["kind"] == "state":
            running -= 1
        most = max(most, running)
    assert sorted(turns) == USERS and most <= AT_ONCE
    # Who has none running is next, so that with three places each user has one at the latest at the third turn.
    assert {*turns[:all_here + 3]} == {*USERS}, turns


def test_a_real_spark_submit_to_k8s_waits_until_its_driver_has_had_its_turn(limited, errands):
    address, release = errands
    held = LiveBatch(limited, f"{address}/errand.py", args=[f"{address}/turn", "3600"], queue="held", conf=SMALL)
    clients = [client(limited, version).submit(f"{PROGRAMS}/exit.py", "0", conf={"spark.yarn.queue": "held"})
               for version in ("4.3.0", "3.5.9")]
    with ended_at_last(clients):
        batches = [batch_of(limited, each) for each in clients]
        for batch in batches:
            assert "queue 'held' runs 1 of 1" in batch.show()["message"]
        asked = [len(each.printed()) for each in clients]
        for each, before in zip(clients, asked, strict=True):
            wait_for("more of what it prints", lambda each=each, before=before: len(each.printed()) > before)
            assert each.process.poll() is None, each.printed()[-6000:]
        release("turn")
        held.wait("success")
        for each in clients:
            ended_as(limited, each, 0)
