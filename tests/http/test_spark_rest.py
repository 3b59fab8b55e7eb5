# SPDX-License-Identifier: Apache-2.0
"""Spark's REST submission protocol on its port: the same ledger, promises and objects as Livy's, in Spark's words."""
import concurrent.futures
import json
import re
import time

import pytest
from spark_rest import CREATE, FIXTURES, KILL, SPARK_SUBMIT, STATUS, SparkRest, batch_of, creation, recorded
from test_ends import look_at_once, run
from waiting import wait_for


@pytest.fixture
def spark(stack):
    return SparkRest(stack.spark_port)


def spec_of(stack, submission):
    """What was, or is to be, created in Kubernetes."""
    row = stack.wait_state(batch_of(submission), "starting")
    return stack.kubernetes.application(row["object_name"])["spec"]


def becomes(spark, submission, state):
    wait_for(f"a client to see {state}", lambda: spark.driver_state(submission) == state)


# --- create -----------------------------------------------------------------------------------------------------------

def test_a_submission_is_a_batch_and_an_object_like_any_other(stack, kube, spark, clean):
    answer = spark.create(creation())
    assert answer.status == 200 and answer.headers["content-type"] == "application/json;charset=utf-8"
    submission = answer.json()["submissionId"]
    assert re.fullmatch(r"driver-\d{14}-\d{4,}", submission)
    assert answer.json() == {
        "action": "CreateSubmissionResponse", "message": f"Driver successfully submitted as {submission}",
        "serverSparkVersion": "4.3.0", "submissionId": submission, "success": True,
    }
    row = stack.row(batch_of(submission))
    assert row["protocol"] == "spark_rest" and row["name"] == "org.example.Main"
    spec = spec_of(stack, submission)
    assert spec["mainApplicationFile"] == "local:///opt/app.jar" and spec["mainClass"] == "org.example.Main"
    assert spec["arguments"] == ["10"] and spec["type"] == "Java" and "jars" not in spec["deps"]
    assert not [key for key in spec["sparkConf"] if key.startswith(("spark.master", "spark.submit", "spark.app", "spark.driver.s"))]
    assert stack.livy.get(f"/batches/{batch_of(submission)}").json()["state"] == "starting", "Livy's clients see it, too"


def test_answers_have_a_member_a_line_with_blanks_around_the_colon(spark, kube):
    """Airflow splits lines at " : "."""
    lines = spark.create(creation(extraField=1, other=[])).text.split("\n")
    assert lines[0] == "{" and lines[-1] == "}"
    names = [re.fullmatch(r'  "(\w+)" : \S.*', line)[1] for line in lines[1:-1]]
    assert names == sorted(names) and lines[-2] == '  "unknownFields" : [ "extraField", "other" ]'
    assert all(line.endswith(",") for line in lines[1:-2])


def test_every_option_of_a_command_line_arrives(stack, kube, spark):
    exchange = recorded("client-4.3.0-create-full")
    if exchange is None:
        pytest.skip(f"no recorded requests: {FIXTURES}")
    body = exchange["exchanges"][0]["body"]
    body["sparkProperties"]["spark.ilum.cluster"] = "default"
    del body["sparkProperties"]["spark.driver.extraClassPath"]  # --driver-class-path: see test_policy.py
    answer = spark.create(body, SPARK_SUBMIT)
    assert answer.status == 200, answer
    spec = spec_of(stack, answer.json()["submissionId"])
    assert spec["mainApplicationFile"] == "s3a://bucket/app.jar"
    assert spec["arguments"] == ["10", "a b", '"q"', "é", ""]
    assert spec["deps"] == {
        "jars": ["http://repo.invalid/x.jar", "local:///opt/y.jar"], "pyFiles": ["local:///opt/p.zip"],
        "files": ["local:///opt/f.txt"], "archives": ["local:///opt/a.zip#env"],
    }
    assert spec["restartPolicy"]["type"] == "OnFailure", "--supervise"
    assert (spec["driver"]["memory"], spec["driver"]["cores"]) == ("2g", 2)
    assert (spec["executor"]["memory"], spec["executor"]["cores"], spec["executor"]["instances"]) == ("3g", 4, 2)
    for key in ("spark.custom", "spark.executorEnv.A", "spark.jars.packages", "spark.jars.excludes",
                "spark.jars.repositories", "spark.driver.extraJavaOptions"):
        assert spec["sparkConf"][key] == body["sparkProperties"][key]
    assert stack.row(batch_of(answer.json()["submissionId"]))["name"] == "My App ü"


@pytest.mark.parametrize("name", sorted(file.stem for file in FIXTURES.glob("client-*-create-*.json")) or [None])
def test_recorded_clients_are_answered(stack, kube, spark, name):
    if name is None:
        pytest.skip(f"no recorded requests: {FIXTURES}")
    for exchange in recorded(name)["exchanges"]:
        body = exchange["body"]
        if body is None or not exchange["path"].endswith("/create"):
            continue
        body["sparkProperties"].pop("spark.ilum.cluster", None)
        answer = spark.create(body, dict(exchange["headers"][:3], **SPARK_SUBMIT))
        told = answer.text
        if body["appResource"].startswith("file:"):
            assert answer.status == 500 and "Local path" in told
        elif "spark.driver.extraClassPath" in body["sparkProperties"]:
            assert answer.status == 500 and "the gateway denies 'spark.driver.extraClassPath'" in told
        elif body["mainClass"].endswith(".SparkSubmit") and body["appArgs"][0].startswith("-"):
            assert answer.status == 500 and told.startswith("appArgs")
        else:
            assert answer.status == 200 and answer.json()["success"] is True, told


def test_a_python_application_comes_as_arguments_of_spark_submit(stack, kube, spark):
    submission = spark.submit(
        {"spark.jars": "", "spark.app.name": "org.apache.spark.deploy.SparkSubmit"}, appResource="spark-internal",
        mainClass="org.apache.spark.deploy.SparkSubmit", appArgs=["local:///opt/app/pi.py", "10", "--conf"])
    spec = spec_of(stack, submission)
    assert spec["type"] == "Python" and spec["mainApplicationFile"] == "local:///opt/app/pi.py"
    assert spec["arguments"] == ["10", "--conf"] and "mainClass" not in spec
    assert stack.row(batch_of(submission))["name"] is None


def test_their_options_are_laid_over_the_properties(stack, kube, spark):
    submission = spark.submit(
        {"spark.jars": "", "spark.a": "property", "spark.b": "property"}, appResource="spark-internal",
        mainClass="org.apache.spark.deploy.SparkSubmit",
        appArgs=["--conf", "spark.a=option", "--name=nightly", "--executor-memory", "3g", "--py-files", "local:///p.zip",
                 "--master", "x", "local:///opt/app/pi.py"])
    spec = spec_of(stack, submission)
    assert spec["deps"] == {"pyFiles": ["local:///p.zip"]} and spec["executor"]["memory"] == "3g"
    assert (spec["sparkConf"]["spark.a"], spec["sparkConf"]["spark.b"]) == ("option", "property")
    assert stack.row(batch_of(submission))["name"] == "nightly" and spec.get("arguments", []) == []


@pytest.mark.parametrize("properties, instances", [
    ({"spark.cores.max": "8", "spark.executor.cores": "3"}, 2),
    ({"spark.cores.max": "8"}, 8),
    ({"spark.cores.max": 1, "spark.executor.cores": "2"}, 1),
    ({"spark.cores.max": "8", "spark.executor.instances": "3"}, 3),
    ({}, 1),
])
def test_all_cores_become_executors(stack, kube, spark, properties, instances):
    assert spec_of(stack, spark.submit(properties))["executor"]["instances"] == instances


REFUSED = [
    (creation(action=None), "Action field not found"),
    (creation(action="KillSubmissionResponse"), "unexpected type KillSubmissionResponse"),
    (creation(appResource=None), "appResource is missing"),
    (creation(clientSparkVersion=None), "clientSparkVersion is missing"),
    (creation(mainClass=None), "mainClass is missing"),
    (creation(sparkProperties=None), "sparkProperties is missing"),
    (creation(appArgs="10"), "appArgs: a list of strings is wanted"),
    (creation(appArgs=[{}]), "appArgs[0]: a string is wanted"),
    (creation(sparkProperties=[]), "sparkProperties: an object of strings is wanted"),
    (creation(environmentVariables={"A": {}}), "environmentVariables.A: a string is wanted"),
    (creation({"spark.x": {}}), "sparkProperties.spark.x: a string is wanted"),
    (creation({"spark.driver.supervise": "maybe"}), "spark.driver.supervise: 'maybe'"),
    (creation(mainClass="org.apache.spark.deploy.SparkSubmit", appArgs=["--supervise", "local:///a.py"]),
     "appArgs: --supervise: not supported; a driver cannot ask for it itself"),
    (creation({"spark.driver.memory": "much"}), "spark.driver.memory: 'much'"),
    (creation({"spark.driver.cores": "x"}), "spark.driver.cores: 'x'"),
    (creation({"spark.cores.max": "x"}), "spark.cores.max: 'x'"),
    (creation({"spark.submit.deployMode": "client"}), "--deploy-mode cluster"),
    (creation({"spark.kubernetes.authenticate.driver.serviceAccountName": "admin"}), "service accounts"),
    (creation({"spark.ilum.cluster": "nowhere"}), "there is no cluster 'nowhere'"),
    (creation(appResource="file:/jobs/app.jar"), "Local path file:/jobs/app.jar"),
    (creation(appResource="app.jar"), "is not absolute"),
    (creation(mainClass="org.apache.spark.deploy.SparkSubmit", appArgs=[]), "appArgs: the main file is missing"),
    (creation(mainClass="org.apache.spark.deploy.SparkSubmit", appArgs=None), "appArgs: with the main class"),
    (creation(mainClass="org.apache.spark.deploy.SparkSubmit", appArgs=["--nonsense", "a.py"]), "appArgs: --nonsense"),
    (creation(mainClass="org.apache.spark.deploy.SparkSubmit", appArgs=["--deploy-mode", "client", "local:///a.py"]),
     "--deploy-mode cluster"),
    (creation(mainClass="org.apache.spark.deploy.SparkSubmit", appArgs=["--py-files", "a.zip", "local:///a.py"]),
     "'a.zip' is not absolute"),
    (creation(appArgs=["a\0b"]), "NUL"),
    ("{", "JSON"), ("[1]", "JSON object"), ("", "empty"),
    (json.dumps(creation())[:-9], ""),
    (b'{"action":"CreateSubmissionRequest","mainClass":"\xff"}', ""),
    ("[" * 10_000, ""),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_is_refused_says_why_and_leaves_no_row(stack, spark, number):
    body, words = REFUSED[number]
    before = stack.postgres.value("SELECT count(*) FROM batch")
    answer = spark.create(body)
    assert answer.status == 400 and words in answer.json()["message"], answer
    assert answer.json()["action"] == "ErrorResponse" and answer.json()["serverSparkVersion"]
    told = spark.create(body, SPARK_SUBMIT)
    assert told.status == 500 and told.headers["content-type"].startswith("text/plain"), "spark-submit exits with 1 for it"
    assert words in told.text and told.text.strip()
    assert stack.postgres.value("SELECT count(*) FROM batch") == before


def test_a_refusal_has_nothing_in_it_that_airflow_takes_for_an_id(spark):
    told = spark.create(creation(appResource="driver-1/driver-20260101000000-0000.jar"), SPARK_SUBMIT).text
    assert "driver_20260101000000" in told and not re.search(r"driver-[0-9]", told)


def test_a_body_that_is_too_large_is_refused(spark):
    answer = spark.create(creation(appArgs=["x" * 1_100_000]))
    assert answer.status == 413 and answer.json()["action"] == "ErrorResponse"
    assert spark.create(creation(appArgs=["x" * 17_000_000])).status == 413
    assert spark.create(creation(appArgs=["x" * 1_100_000]), SPARK_SUBMIT).status == 500


# --- once, and never twice ----------------------------------------------------------------------------------------------

def now_ms():
    return str(int(time.time() * 1000))


def test_a_post_that_the_jvm_repeats_is_the_same_submission(stack, kube, spark, clean):
    body = creation({"spark.app.submitTime": now_ms()})
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: spark.create(body, SPARK_SUBMIT), range(8)))
    assert len({answer.json()["submissionId"] for answer in answers}) == 1
    assert stack.postgres.value("SELECT count(*) FROM batch") == 1
    another = spark.create(creation({"spark.app.submitTime": now_ms()}, appArgs=["11"]), SPARK_SUBMIT)
    assert another.json()["submissionId"] != answers[0].json()["submissionId"]


@pytest.mark.parametrize("submit_time", [None, "1795254157272000", "1500000000000", "soon"])
def test_what_is_sent_again_by_hand_runs_again(spark, kube, submit_time):
    body = creation({"spark.app.submitTime": submit_time})
    assert spark.create(body).json()["submissionId"] != spark.create(body).json()["submissionId"]


def test_a_client_key_makes_two_submissions_one(spark, kube, clean):
    body = creation({"spark.sparkgate.client.key": "nightly-1"})
    first, second = spark.create(body), spark.create(body)
    assert first.json()["submissionId"] == second.json()["submissionId"]
    other = spark.create(creation({"spark.sparkgate.client.key": "nightly-1"}, appArgs=["11"]))
    assert other.status == 409 and other.json()["action"] == "ErrorResponse"


def test_a_client_key_is_that_of_a_command_line_that_is_run_again(stack, spark, kube, clean):
    """Its next try has another time, and its container perhaps other variables."""
    def tried(number, **members):
        return spark.create(creation(
            {"spark.sparkgate.client.key": "kestra-7", "spark.app.submitTime": str(int(now_ms()) - number)},
            environmentVariables={"SPARK_SCALA_VERSION": "2.13", "SPARK_NUMBER": str(number)}, **members), SPARK_SUBMIT)

    assert len({tried(number).json()["submissionId"] for number in range(3)}) == 1
    assert stack.postgres.value("SELECT count(*) FROM batch") == 1
    other = tried(3, appArgs=["11"])
    assert other.status == 500 and "the client key 'kestra-7' was used for another request" in other.text


def test_names_may_come_twice(stack, kube, spark, clean):
    first, second = spark.submit(), spark.submit()
    assert first != second
    assert [stack.row(batch_of(one))["name"] for one in (first, second)] == ["org.example.Main"] * 2
    assert stack.livy.post({"file": "local:///a.py", "name": "org.example.Main"}).status == 201
    answer = stack.livy.post({"file": "local:///a.py", "name": "org.example.Main"})
    assert answer.status == 400 and "Duplicate session name" in answer.json()["msg"], "Livy's names are taken"


# --- status and kill ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("reported, message, state", [
    ("SUBMITTED", "", "SUBMITTED"),
    ("RUNNING", "", "RUNNING"),
    ("COMPLETED", "", "FINISHED"),
    ("FAILED", "driver container failed with ExitCode: 3, Reason: Error", "FAILED"),
    ("FAILED", "failed to submit spark application: exceeded quota: q", "ERROR"),
])
def test_driver_states(stack, kube, spark, reported, message, state):
    stack.wait_leased()
    submission = spark.submit()
    assert spark.driver_state(submission) == "SUBMITTED"
    kube.report(stack.wait_state(batch_of(submission), "starting")["object_name"], reported, message)
    becomes(spark, submission, state)
    answer = spark.status(submission)
    assert answer == {
        "action": "SubmissionStatusResponse", "driverState": state, "serverSparkVersion": "4.3.0",
        "submissionId": submission, "success": True, **({"message": answer["message"]} if message else {}),
    }
    assert message in answer.get("message", "")


# --- supervised drivers -------------------------------------------------------------------------------------------------

FAILED = "driver container failed with ExitCode: 3, Reason: Error"


@pytest.fixture
def supervised(stack, kube, spark):
    """Submission and its object's name, with a driver that runs."""
    stack.wait_leased()
    submission = spark.submit({"spark.driver.supervise": "true"})
    name = stack.wait_state(batch_of(submission), "starting")["object_name"]
    assert kube.application(name)["spec"]["restartPolicy"] == {
        "type": "OnFailure", "onFailureRetries": 2**31 - 1, "onFailureRetryInterval": 5,
        "onSubmissionFailureRetries": 2**31 - 1, "onSubmissionFailureRetryInterval": 5}
    begin_run(kube, name, 1)
    becomes(spark, submission, "RUNNING")
    return submission, name


def begin_run(kube, name, number):
    kube.create_driver(name)
    kube.report_driver(name, "Running")
    kube.report(name, "RUNNING", sparkApplicationId=f"spark-{number}", driverInfo={"podName": f"{name}-driver"},
                executionAttempts=number)


def fail_run(kube, name, number):
    kube.report_driver(name, "Failed", 3)
    kube.report(name, "FAILING", FAILED, executionAttempts=number, terminationTime="2026-11-21T12:00:00Z")


def test_a_supervised_driver_that_failed_is_relaunching_until_it_runs_again(stack, kube, spark, supervised):
    submission, name = supervised
    for number in (1, 2):
        fail_run(kube, name, number)
        becomes(spark, submission, "RELAUNCHING")
        answer = spark.status(submission)
        assert answer["success"] is True and "message" not in answer, "which clients would print as an error"
        assert stack.row(batch_of(submission))["message"] == FAILED
        kube.report(name, "PENDING_RERUN", executionAttempts=number)
        kube.delete_driver(name)
        kube.report(name, "SUBMITTED", executionAttempts=number + 1, sparkApplicationId=f"spark-{number + 1}")
        wait_for("the next run", lambda number=number: stack.row(batch_of(submission))["app_id"] == f"spark-{number + 1}")
        assert spark.driver_state(submission) == "RELAUNCHING"
        begin_run(kube, name, number + 1)
        becomes(spark, submission, "RUNNING")
    kube.report_driver(name, "Succeeded", 0)
    kube.report(name, "COMPLETED", executionAttempts=3)
    becomes(spark, submission, "FINISHED")
    row = stack.row(batch_of(submission))
    assert (row["attempts"], row["exit_code"], row["message"]) == (3, 0, None)
    assert [event["state"] for event in stack.events(batch_of(submission))] == [
        "accepted", "starting", "running", "starting", "running", "starting", "running", "success"]
    kube.delete_driver(name)


def test_the_end_of_its_pod_is_not_the_end_of_a_supervised_driver(stack, kube, spark, livy, supervised):
    """The watcher looks at pods whose operator says nothing, the older batch's first."""
    submission, name = supervised
    kube.report_driver(name, "Failed", 3)
    look_at_once(stack, batch_of(submission))
    other = livy.submit()["id"]
    other_name = stack.wait_state(other, "starting")["object_name"]
    run(stack, kube, livy, other, other_name)
    kube.report_driver(other_name, "Failed", 3)
    stack.wait_state(other, "dead")
    assert spark.driver_state(submission) == "RUNNING"
    kube.report(name, "PENDING_RERUN", executionAttempts=1)
    becomes(spark, submission, "RELAUNCHING")
    kube.delete_drivers()


def test_a_kill_between_two_runs_is_the_end(stack, kube, spark, supervised):
    submission, name = supervised
    fail_run(kube, name, 1)
    becomes(spark, submission, "RELAUNCHING")
    assert spark.kill(submission)["success"] is True and spark.driver_state(submission) == "KILLED"
    wait_for("the object's end", lambda: kube.application(name) is None)
    row = stack.wait_state(batch_of(submission), "killed")
    assert row["reason"] == "killed_by_user" and row["message"] == FAILED, "what it was waiting for"
    kube.delete_driver(name)


def test_a_cluster_that_takes_no_driver_does_not_end_a_supervised_one(stack, kube, spark, supervised):
    submission, name = supervised
    fail_run(kube, name, 1)
    kube.delete_driver(name)
    kube.report(name, "SUBMISSION_FAILED", "failed to submit spark application: exceeded quota: q", executionAttempts=1)
    wait_for("its words", lambda: "exceeded quota" in (stack.row(batch_of(submission))["message"] or ""))
    assert spark.driver_state(submission) == "RELAUNCHING"


def test_a_kill_is_shown_at_once_and_ends_the_driver(stack, kube, spark):
    stack.wait_leased()
    submission = spark.submit()
    row = stack.wait_state(batch_of(submission), "starting")
    assert spark.kill(submission) == {
        "action": "KillSubmissionResponse", "message": f"Kill request for {submission} submitted",
        "serverSparkVersion": "4.3.0", "submissionId": submission, "success": True,
    }
    assert spark.driver_state(submission) == "KILLED"
    wait_for("the object's end", lambda: kube.application(row["object_name"]) is None)
    assert stack.wait_state(batch_of(submission), "killed")["reason"] == "killed_by_user"
    again = spark.kill(submission)
    assert again["success"] is False and again["message"] == f"Driver {submission} has already finished or does not exist"


@pytest.mark.parametrize("submission", ["driver-nope", "driver-20260101000000-0000", "driver-20260101000000-999999999999",
                                        "x", "driver-20260101000000-99999999999999999999", "%22%7D", "driver-%C3%A9"])
def test_unknown_ids_are_no_error(spark, submission):
    answer = spark.get(STATUS + submission)
    assert answer.status == 200 and answer.json()["success"] is False and "driverState" not in answer.json()
    killed = spark.kill(submission)
    assert killed["success"] is False and killed["message"].endswith("has already finished or does not exist")


def test_another_time_in_an_id_is_another_id(spark, kube):
    submission = spark.submit()
    assert spark.status(f"driver-20200101000000-{submission.rsplit('-', 1)[1]}")["success"] is False


def test_killall_ends_what_came_by_this_door_alone(stack, kube, spark, clean):
    stack.wait_leased()
    mine = [spark.submit() for _ in range(3)]
    livy_batch = stack.livy.submit()["id"]
    answer = spark.call("POST", "/v1/submissions/killall").json()
    assert answer == {"action": "KillAllSubmissionResponse", "message": "Kill request for all drivers submitted",
                      "serverSparkVersion": "4.3.0", "success": True}
    assert {spark.driver_state(submission) for submission in mine} == {"KILLED"}
    for submission in mine:
        stack.wait_state(batch_of(submission), "killed")
        assert stack.events(batch_of(submission))[-1]["kind"] in ("kill", "state")
    assert stack.row(livy_batch)["kill_requested_at"] is None


def test_clear_and_readyz(stack, kube, spark):
    submission = spark.submit()
    assert spark.call("POST", "/v1/submissions/clear").json() == {
        "action": "ClearResponse", "message": "", "serverSparkVersion": "4.3.0", "success": True}
    assert spark.driver_state(submission), "the ledger forgets nothing for it"
    assert spark.get("/v1/submissions/readyz").json() == {
        "action": "ReadyzResponse", "message": "", "serverSparkVersion": "4.3.0", "success": True}


def test_without_a_database_it_is_not_ready_and_a_submission_fails(stack, spark, repaired):
    stack.postgres.stop()
    answer = spark.get("/v1/submissions/readyz")
    assert answer.status == 503 and answer.json()["message"] == "Master is not ready."
    told = spark.create(creation(), SPARK_SUBMIT)
    assert told.status == 500 and told.headers["content-type"].startswith("text/plain") and told.text


def test_without_workers_every_client_gets_an_answer_that_it_can_read(stack, spark, repaired):
    stack.stop_workers()
    answer = spark.create(creation())
    assert answer.status == 503 and answer.json()["action"] == "ErrorResponse" and '" : "' in answer.text
    told = spark.create(creation(), SPARK_SUBMIT)
    assert told.status == 500 and told.headers["content-type"].startswith("text/plain") and "worker" in told.text


def test_a_submission_is_taken_while_kubernetes_is_away(stack, kube, spark, clean, repaired):
    kube.kill9()
    try:
        submission = spark.submit()
        assert spark.driver_state(submission) == "SUBMITTED"
    finally:
        kube.start()
    stack.wait_state(batch_of(submission), "starting")


# --- paths --------------------------------------------------------------------------------------------------------------

WHERE_TO = " Please submit requests through http://[host]:[port]/v1/submissions/..."


@pytest.mark.parametrize("path, status, message", [
    ("/", 400, "Missing protocol version." + WHERE_TO),
    ("/v1", 400, "Missing the /submissions prefix." + WHERE_TO),
    ("/v1/", 400, "Missing the /submissions prefix." + WHERE_TO),
    ("/v1/submissions", 400, "Missing an action: please specify one of /create, /kill, /killall, /clear, /status, or "
                             "/readyz." + WHERE_TO),
    ("/v1/submissions/foo", 400, "Missing an action"),
    ("/v2/submissions/create", 468, "Unknown protocol version 'v2'." + WHERE_TO),
    ("/v1/foo", 468, "Unknown protocol version 'v1'." + WHERE_TO),
    ("/batches", 468, "Unknown protocol version 'batches'." + WHERE_TO),
    ("/healthz", 468, "Unknown protocol version 'healthz'." + WHERE_TO),
    ("/%ff", 468, "Unknown protocol version"),
    ("/v1/submissions/status", 400, "Submission ID is missing in status request."),
    ("/v1/submissions/status/", 400, "Submission ID is missing in status request."),
    ("/v1/submissions/kill/", 400, "Submission ID is missing in kill request."),
    ("/clusters/default/v2", 468, "Unknown protocol version 'v2'."),
    ("/clusters", 468, "Unknown protocol version 'clusters'."),
])
def test_wrong_paths_are_answered_as_a_master_answers_them(spark, path, status, message):
    for method in ("GET", "POST"):
        answer = spark.call(method, path)
        assert answer.status == status and answer.json()["message"].startswith(message), answer
        assert answer.json()["action"] == "ErrorResponse"
        assert answer.json().get("highestProtocolVersion") == ("v1" if status == 468 else None)


@pytest.mark.parametrize("method, path", [
    ("GET", CREATE), ("PUT", CREATE), ("DELETE", CREATE), ("POST", STATUS + "x"), ("GET", KILL + "x"),
    ("GET", "/v1/submissions/killall"), ("POST", "/v1/submissions/readyz"),
])
def test_a_wrong_method_is_405_with_what_is_allowed(spark, method, path):
    answer = spark.call(method, path)
    assert answer.status == 405 and answer.headers["allow"] and answer.json()["action"] == "ErrorResponse"


@pytest.mark.parametrize("path", [CREATE + "/", CREATE + "/x/y"])
def test_more_path_is_ignored(spark, kube, path):
    submission = spark.call("POST", path, creation()).json()["submissionId"]
    assert spark.get(STATUS + submission + "/extra/path").json()["success"] is True


def test_a_path_picks_the_cluster(stack, kube):
    submission = SparkRest(stack.spark_port, "/clusters/default").submit({"spark.master": "spark://h:9888/clusters/default"})
    assert stack.row(batch_of(submission))["cluster"] == "default"
    unknown = SparkRest(stack.spark_port, "/clusters/c9").create(creation())
    assert unknown.status == 400 and "there is no cluster 'c9'" in unknown.json()["message"]
    torn = SparkRest(stack.spark_port, "/clusters/default").create(creation({"spark.sparkgate.cluster": "c2"}))
    assert torn.status == 400 and "leave one of them out" in torn.json()["message"]


def test_the_port_of_everything_serves_it_too_and_livys_does_not_change(stack, kube):
    assert SparkRest(stack.everything.port).submit()
    assert stack.livy.get("/v2").json() == {"msg": "there is no such route"}


def test_head_and_a_kill_without_a_length(stack, kube, spark):
    submission = spark.submit()
    head = spark.call("HEAD", STATUS + submission)
    assert head.status == 200 and head.body == b"" and int(head.headers["content-length"]) > 100
    raw = spark.raw(f"POST {KILL}{submission} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert b"200 OK" in raw.split(b"\r\n")[0] and b'"success" : true' in raw


def test_sparks_binary_rpc_is_told_how_to_come_in(spark):
    raw = spark.raw(b"\0\0\0\0\0\0\0\x2d\x03" + b"x" * 32 + b"\r\n\r\n")
    assert b"spark.master.rest.enabled=true" in raw
