# SPDX-License-Identifier: Apache-2.0
"""More workers than connections, through PgBouncer in transaction mode; the watcher has a connection of its own."""
import concurrent.futures
import contextlib
import datetime

import pytest
from pgbouncer import POOL_SIZE, Pgbouncer, knows_prepared_statements
from waiting import wait_for

WORKERS = 6
CLIENTS = 12
POST = {"file": "local:///a.py"}
OF_WORKERS = "FROM pg_stat_activity WHERE application_name = 'sparkgate-worker'"


@pytest.fixture(scope="module")
def pooler(stack):
    pooler = Pgbouncer(stack.postgres)
    yield pooler
    pooler.kill9()


def configure(stack, pooler, prepared):
    changes = {"database": {"conninfo": pooler.conninfo(), "prepared_statements": prepared}}
    return stack.write_config(changes, f"pgbouncer-{prepared}.yaml")


@pytest.fixture(scope="module", params=[False, True], ids=["unprepared", "prepared"])
def config(request, stack, pooler):
    """Of workers that run; those of all other tests come back in the end."""
    if request.param and not knows_prepared_statements():
        pytest.skip("this PgBouncer is older than 1.21")
    config = configure(stack, pooler, request.param)
    pooler.start()
    stack.restart_workers(WORKERS, config)
    yield config
    stack.restart_workers()
    pooler.kill9()


@pytest.fixture
def through(stack, config, pooler):
    """The gateway, all of it running."""
    yield stack.livy
    if stack.postgres.pid is None:
        stack.postgres.start()
    if pooler.process.pid is None:
        pooler.start()
    wait_for("the gateway to be ready again", stack.ready)


def sessions(database):
    return database.value(f"SELECT count(*) {OF_WORKERS}")


def test_a_batch_from_its_submission_to_its_end(stack, clean, database, through):
    batch_id = through.submit(name="pooled")["id"]
    another = through.submit(name="another")["id"]
    assert through.get(f"/batches/{batch_id}").json()["name"] == "pooled"
    assert through.state(batch_id) in ("starting", "running")
    assert batch_id in [batch["id"] for batch in through.get("/batches").json()["sessions"]]
    stack.write_log(batch_id, ["one", "two"])
    assert through.get(f"/batches/{batch_id}/log").json()["log"][-2:] == ["one", "two"]
    assert through.state(batch_id) == "success"
    assert through.delete(f"/batches/{another}").status == 200
    assert stack.row(another)["kill_requested_at"] is not None and stack.row(batch_id)["kill_requested_at"] is None
    assert 0 < sessions(database) <= POOL_SIZE


def submit_all(livy, what, count=120, meanwhile=lambda: None):
    """Clients repeat what was answered 503, with their key, as they would. Gives the ids."""
    ids = {}

    def submit(number):
        def accepted():
            answer = livy.post({**POST, "name": f"{what} {number}"}, headers={"Idempotency-Key": f"{what}/{number}"})
            assert answer.status in (201, 503), answer
            return answer.status == 201 and answer.json()["id"]

        ids[number] = wait_for("a batch to be accepted", accepted)
        batch = livy.get(f"/batches/{ids[number]}")
        assert batch.status == 503 or batch.json()["name"] == f"{what} {number}", "somebody else's answer"

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        submitted = [pool.submit(submit, number) for number in range(count)]
        meanwhile()
        for one in submitted:
            one.result()
    return list(ids.values())


def test_more_workers_than_connections(clean, database, through):
    ids = submit_all(through, "many")
    assert 0 < sessions(database) <= POOL_SIZE
    assert len(set(ids)) == len(ids) == database.value("SELECT count(*) FROM batch")


def test_no_batch_is_lost_or_doubled_while_connections_are_swapped(clean, database, pooler, through):
    def swap():
        for count in (5, 15, 30, 50):
            wait_for("some to be accepted", lambda count=count: database.value("SELECT count(*) FROM batch") >= count)
            pooler.say("RECONNECT")
            database.execute(f"SELECT pg_terminate_backend(pid) {OF_WORKERS}")

    ids = submit_all(through, "swapped", meanwhile=swap)
    assert len(set(ids)) == len(ids) == database.value("SELECT count(*) FROM batch")


def unavailable(answer):
    assert answer.status == 503 and int(answer.headers["retry-after"]) > 0, answer
    assert "database" in answer.json()["msg"] and "pgbouncer" not in answer.text.lower()


def test_pgbouncer_is_killed(pooler, through):
    through.get("/batches")
    pooler.kill9()
    for _ in range(WORKERS):
        unavailable(through.get("/batches"))
        unavailable(through.post(POST))
    pooler.start()
    wait_for("the gateway to serve again", lambda: through.get("/batches").status == 200)
    assert through.post(POST).status == 201


@pytest.mark.parametrize("end", ["stop", "kill9"])
def test_postgresql_begins_anew_behind_it(clean, database, through, end):
    def begin_anew():
        wait_for("some to be accepted", lambda: database.value("SELECT count(*) FROM batch") > 5)
        getattr(database, end)()
        database.start()

    ids = submit_all(through, f"anew {end}", meanwhile=begin_anew)
    assert len(set(ids)) == len(ids) == database.value("SELECT count(*) FROM batch")


def test_postgresql_is_away_behind_it(database, pooler, through):
    pooler.kill9()
    pooler.start(wait_s=1)
    database.stop()
    unavailable(through.get("/batches"))
    unavailable(through.post(POST))
    database.start()
    wait_for("the gateway to serve again", lambda: through.get("/batches").status == 200)
    wait_for("it to take batches again", lambda: through.post(POST).status == 201)
    pooler.kill9()
    pooler.start()


@pytest.fixture
def elsewhere(database, pooler):
    """A server that is in Tokyo and writes dates as they do in Germany."""
    with database.settings(timezone="Asia/Tokyo", datestyle="German"):
        pooler.say("RECONNECT")
        yield
    pooler.say("RECONNECT")


def test_times_are_utc_wherever_the_server_is(elsewhere, database, through):
    batch_id = through.submit()["id"]
    accepted_at = database.value("SELECT accepted_at FROM batch WHERE id = %s", (batch_id,))
    for _ in range(2 * WORKERS):
        shown = through.get(f"/batches/{batch_id}").json()["submittedAt"]
        assert shown.endswith("Z") and datetime.datetime.fromisoformat(shown[:-1] + "+00:00") == accepted_at


def test_the_limits_of_the_page_end_what_waits(stack, database, pooler, through):
    """The worker itself would wait for two minutes."""
    pooler.kill9()
    pooler.start(timeout_ms=2000)
    log_size = stack.workers.log_size()
    with contextlib.closing(database.connect(user="postgres", autocommit=False)) as lock, lock.cursor() as cursor:
        cursor.execute("LOCK TABLE batch IN ACCESS EXCLUSIVE MODE")
        assert through.get("/batches").status == 503
    said = stack.workers.log_text(log_size)
    assert "sqlstate=57014" in said or "sqlstate=55P03" in said
    pooler.kill9()
    pooler.start()


def test_a_watcher_refuses_it(stack, config, through):
    watcher = stack.start_watcher("pooled-watcher", config)
    try:
        wait_for("it to say so", lambda: "a watcher needs a session of its own" in watcher.log_text())
    finally:
        watcher.stop()
    assert "lease_taken" not in watcher.log_text()


@pytest.mark.parametrize("words", [("migrate",), ("report", "now"), ("report",)])
def test_so_does_what_changes_its_session(stack, config, through, words):
    done = stack.ctl(*words, config=config, check=False)
    assert done.returncode == 1 and f"{words[0]} needs a session of its own" in done.stderr


def test_workers_that_prepare_through_one_that_cannot_say_what_to_set(stack, pooler):
    if knows_prepared_statements():
        pytest.skip("this PgBouncer can")
    pooler.start()
    stack.restart_workers(WORKERS, configure(stack, pooler, True))
    try:
        answers = []
        wait_for("one to meet another's statement",
                 lambda: answers.append(stack.livy.get("/batches")) or answers[-1].status == 503)
        assert "set database.prepared_statements: false" in answers[-1].json()["msg"]
        assert {answer.status for answer in answers} <= {200, 503}
    finally:
        stack.restart_workers()
        pooler.kill9()
