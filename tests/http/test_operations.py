# SPDX-License-Identifier: Apache-2.0
"""Health, metrics, request ids and logs, for whoever runs the gateway."""
import re

import pytest
from waiting import wait_for

SAMPLE = re.compile(r'^([a-z_]+)(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? (-?\d+(\.\d+)?)$')


def metrics(stack):
    """Name and labels to value; each line is checked to be Prometheus' text format."""
    answer = stack.everything.get("/metrics")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    values, typed = {}, set()
    for line in answer.text.splitlines():
        if line.startswith("# TYPE "):
            typed.add(line.split()[2])
        elif not line.startswith("# HELP "):
            match = SAMPLE.match(line)
            assert match and match[1] in typed, line
            assert match[1] + (match[2] or "") not in values, f"twice: {line}"
            values[match[1] + (match[2] or "")] = float(match[4])
    return values


def test_every_port_serves(stack):
    for livy in (stack.livy, stack.everything):
        assert livy.get("/batches").status == 200
        assert livy.get("/healthz").json() == {"status": "ok"}
        assert livy.get("/readyz").json() == {"status": "ready"}


def test_everything_listens_on_loopback_alone(stack):
    ports = {f"{port:04X}" for port in (stack.livy.port, stack.everything.port, stack.spark_port)}
    listening = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table, encoding="ascii") as lines:
            for line in list(lines)[1:]:
                address, port = line.split()[1].split(":")
                if line.split()[3] == "0A" and port in ports:
                    listening[port] = address
    assert listening == dict.fromkeys(ports, "0100007F")


def test_only_the_owner_reaches_the_workers_socket(stack):
    assert stack.socket.stat().st_mode & 0o777 == 0o600


def test_metrics_count_whichever_worker_answers(stack, kube, livy, clean):
    before = metrics(stack)
    for _ in range(20):
        livy.get("/batches/0")
    livy.submit()
    refused = 'sparkgate_http_requests_total{class="4xx"}'
    # A request is counted when its answer has been sent.
    wait_for("the last one to be counted", lambda: metrics(stack)[refused] >= before[refused] + 20)
    after = metrics(stack)
    assert after[refused] - before[refused] == 20
    assert after["sparkgate_batches_accepted_total"] - before["sparkgate_batches_accepted_total"] == 1
    assert after["sparkgate_database_up"] == 1
    wait_for("the unfinished batch", lambda: metrics(stack).get(
        'sparkgate_batches_unfinished{cluster="default",state="starting"}') == 1)
    wait_for("nothing to be owed", lambda: metrics(stack)['sparkgate_pushes_owed{cluster="default"}'] == 0)
    wait_for("a watch that is heard", lambda: metrics(stack)['sparkgate_watch_silent_seconds{cluster="default"}'] < 30)


def test_a_request_id_is_in_header_row_event_and_log(stack, kube, livy):
    answer = livy.post({"file": "local:///a.py"}, headers={"X-Request-Id": "dag.task-1_try.2"})
    batch_id = answer.json()["id"]
    assert answer.headers["x-request-id"] == "dag.task-1_try.2"
    assert stack.row(batch_id)["request_id"] == "dag.task-1_try.2"
    assert {event["request_id"] for event in stack.events(batch_id)} == {"dag.task-1_try.2"}

    def told():
        """The request's own line comes after its answer."""
        lines = [line for line in stack.workers.log_text().splitlines() if " request=dag.task-1_try.2 " in line]
        return {re.search(r"event=(\w+)", line)[1] for line in lines}

    wait_for("its lines in the log", lambda: {"batch_accepted", "batch_pushed", "request"} <= told())


@pytest.mark.parametrize("sent", ["", "with blank", "x" * 65, 'q"uote', "a=b"])
def test_other_request_ids_are_replaced(livy, sent):
    made = livy.get("/batches/0", headers={"X-Request-Id": sent}).headers["x-request-id"]
    assert made != sent and re.fullmatch(r"[0-9a-f]{16,32}", made)


def test_every_request_has_an_id_of_its_own(livy):
    ids = {livy.get("/healthz").headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20


def test_errors_tell_clients_no_sql_and_no_hosts(stack, livy):
    texts = [livy.get("/batches/0").text, livy.post("{").text, livy.get("/batches/%ff").text]
    for text in texts:
        assert not re.search(r"SELECT|sqlstate|socket|127\.0\.0\.1|/pg/|fcgi/", text), text


def test_a_schema_that_is_behind_is_not_ready(stack):
    stack.postgres.execute("CREATE TABLE kept AS SELECT * FROM schema_migration; DELETE FROM schema_migration")
    try:
        answer = stack.everything.get("/readyz")
        assert answer.status == 503 and "run sparkgate-ctl migrate" in answer.json()["msg"]
        assert answer.headers["retry-after"]
        assert stack.everything.get("/healthz").status == 200
    finally:
        stack.postgres.execute("INSERT INTO schema_migration SELECT * FROM kept; DROP TABLE kept")
    assert stack.everything.get("/readyz").status == 200


def test_a_schema_that_is_ahead_is_not_ready(stack):
    stack.postgres.execute("INSERT INTO schema_migration VALUES (9999, 'future', 'x')")
    try:
        answer = stack.everything.get("/readyz")
        assert answer.status == 503 and "newer sparkgate" in answer.json()["msg"]
    finally:
        stack.postgres.execute("DELETE FROM schema_migration WHERE version = 9999")


def test_a_schema_with_a_gap_is_not_ready(stack):
    (row,) = stack.postgres.rows("DELETE FROM schema_migration WHERE version = 2 RETURNING name, checksum")
    try:
        answer = stack.everything.get("/readyz")
        assert answer.status == 503 and "sparkgate-ctl migrate" in answer.json()["msg"]
    finally:
        stack.postgres.execute("INSERT INTO schema_migration VALUES (2, %s, %s)", (row["name"], row["checksum"]))
    assert stack.everything.get("/readyz").status == 200


def test_check_config_asks_database_and_cluster(stack, kube):
    done = stack.ctl("check-config", "--connect")
    assert "database: ok" in done.stdout
    assert ("clusters.default: ok, namespace spark, operator kubeflow: its definition of SparkApplications is served"
            in done.stdout)


def test_nginx_answers_for_its_own_health_without_workers(stack, repaired):
    stack.stop_workers()
    assert stack.everything.get("/nginx/healthz").json() == {"status": "ok"}
    answer = stack.livy.get("/batches")
    assert answer.status == 503 and answer.headers["retry-after"] and "worker" in answer.json()["msg"]
    assert answer.headers["content-type"].startswith("application/json")
