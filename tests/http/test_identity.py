# SPDX-License-Identifier: Apache-2.0
"""Who asks, as nginx has found out by passwords; as whom they may act; and whose service account the pods have."""
import base64

import k8s_client
import pytest
from k8s_client import Driver, KubernetesClient
from polls import Poll, Pollers, asked_workers
from spark_rest import creation

USERS = ("ann", "bob", "airflow", "etl-1", "Eve", "kestra")
BASIC = """auth_basic "sparkgate";
auth_basic_user_file {file};
map $remote_user $sparkgate_user {{
	default $remote_user;
}}
"""
RULED = {
    "denied_conf": ["spark.sql.*"], "denied_uris": ["http://*"], "allowed_conf": ["spark.sql.shuffle.*"],
    "default_conf": {"spark.x.default": "cluster", "spark.x.both": "cluster"}, "enforced_conf": {"spark.x.enforced": "cluster"},
    "roles": {
        "admins": {"allowed_conf": ["*"], "allowed_uris": ["*"], "enforced_conf": {"spark.x.enforced": "admins"}},
        "analysts": {"denied_conf": ["spark.sql.shuffle.partitions"], "default_conf": {"spark.x.both": "analysts"}},
    },
}
CONFIG = {
    "auth": "proxy",
    "proxy_users": {"airflow": "etl-*, ann", "kestra": "*"},
    "roles": {"admins": "ann, ops-*", "analysts": "bob, etl-*", "guests": "kestra"},
    "clusters": {"default": RULED | {"k8s_submissions": True, "service_accounts": {
        "ann": "team", "etl-*": "spark-{user}", "Eve": "{user}"}}},
}
REFUSAL = "User '{}' not allowed to impersonate 'Some({})'."


def password(user, word=None):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{word or 'of-' + user}".encode()).decode()}


@pytest.fixture(scope="module")
def known(stack, kube):
    """auth: proxy, and nginx asks for passwords."""
    file = stack.dir / "users"
    file.write_text("".join(f"{user}:{{PLAIN}}of-{user}\n" for user in USERS))
    usual, stack.authentication = stack.authentication, stack.dir / "passwords.conf"
    stack.authentication.write_text(BASIC.format(file=file))
    k8s_client.allow(kube)
    stack.reconfigure(CONFIG)
    yield stack
    stack.authentication = usual
    kube.delete_drivers()
    k8s_client.forbid(kube)
    stack.reconfigure()


def submit(stack, user, path="/batches", **fields):
    answer = stack.livy.call("POST", path, {"file": "local:///opt/app.py", **fields}, headers=password(user))
    assert answer.status == 201, answer
    return answer.json()


def application(stack, batch):
    stack.wait_state(batch["id"], "starting")
    return stack.kubernetes.application(stack.row(batch["id"])["object_name"])["spec"]


@pytest.mark.parametrize("headers", [{}, password("ann", "wrong"), password("nobody"), {"Authorization": "Basic !"},
                                     {"Sparkgate-User": "ann", "SPARKGATE_USER": "ann", "X-Remote-User": "ann"}])
@pytest.mark.parametrize("method, path", [("GET", "/batches"), ("POST", "/batches"), ("GET", "/version"), ("GET", "/metrics"),
                                          ("DELETE", "/batches/1")])
def test_without_a_password_nobody_is_served(known, headers, method, path):
    answer = known.livy.call(method, path, {} if method == "POST" else None, headers=headers)
    assert answer.status == 401 and "who are you" in answer.json()["msg"]
    assert answer.headers["www-authenticate"] == 'Basic realm="sparkgate"'


def test_neither_are_sparks_own_clients(known):
    client = KubernetesClient(known.spark_port)
    answer = client.call("POST", "/v1/submissions/create", creation({}))
    assert answer.status == 401 and answer.json()["action"] == "ErrorResponse"
    answer = client.begin(Driver())
    assert answer.status == 401 and answer.json()["kind"] == "Status"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "//healthz", "/readyz?x=1"])
def test_probes_need_none(known, path):
    assert known.livy.get(path).status == 200


@pytest.mark.parametrize("path", ["/batches/%2e%2e%2fhealthz", "/batches/7/../../healthz", "/batches/..%2freadyz"])
def test_no_batch_is_taken_for_a_probe(known, path):
    """The password would not be looked at, and whoever is named be believed."""
    assert known.livy.get(path, headers=password("ann", "wrong")).status in (401, 404)
    assert known.livy.delete(path, headers=password("ann", "wrong")).json()["msg"] in (
        "there is no such route", "who are you? Authenticate as this gateway wants it")


def test_a_batch_is_its_users(known):
    made = submit(known, "ann", name="anns")
    known.write_log(made["id"], ["a line"])
    assert (made["owner"], made["proxyUser"]) == ("ann", None)
    assert known.events(made["id"])[0]["actor"] == "ann"
    path = f"/batches/{made['id']}"
    for user, lines in (("ann", ["a line"]), ("bob", []), ("airflow", [])):
        shown = known.livy.get(path, headers=password(user))
        assert shown.status == 200 and shown.json()["owner"] == "ann" and shown.json()["log"] == lines
        listed = known.livy.get("/batches", headers=password(user)).json()["sessions"]
        assert [row["log"] for row in listed if row["id"] == made["id"]] == [lines]
        assert known.livy.get(path + "/state", headers=password(user)).status == 200
    assert known.livy.get(path + "/log", headers=password("ann")).json()["log"] == ["a line"]
    for method, what in (("GET", path + "/log"), ("DELETE", path)):
        answer = known.livy.call(method, what, headers=password("bob"))
        assert answer.status == 403 and "belongs to somebody else" in answer.json()["msg"]
    assert known.row(made["id"])["deleted_at"] is None
    assert known.livy.delete(path, headers=password("ann")).status == 200


@pytest.mark.parametrize("user, other, allowed", [
    ("airflow", "etl-9", True), ("airflow", "ann", True), ("airflow", "airflow", True), ("airflow", "bob", False),
    ("kestra", "bob", True), ("bob", "bob", True), ("bob", "airflow", False), ("bob", "", False), ("kestra", "", False),
])
@pytest.mark.parametrize("how", ["proxyUser", "doAs"])
def test_who_may_act_as_whom(known, user, other, allowed, how):
    path = f"/batches?doAs={other}" if how == "doAs" else "/batches"
    fields = {"proxyUser": other} if how == "proxyUser" else {}
    answer = known.livy.call("POST", path, {"file": "local:///opt/app.py", **fields}, headers=password(user))
    if not allowed:
        assert answer.status == 403 and REFUSAL.format(user, other) in answer.json()["msg"] and how in answer.json()["msg"]
        return
    assert answer.status == 201, answer
    row = known.row(answer.json()["id"])
    assert (row["owner"], row["proxy_user"]) == (user, other)
    assert (answer.json()["owner"], answer.json()["proxyUser"]) == (user, other)
    assert application(known, answer.json())["proxyUser"] == other


def test_do_as_beats_the_body_and_is_told_from_it_by_a_key(known):
    body = {"file": "local:///opt/app.py", "proxyUser": "nobody-may"}
    headers = password("airflow") | {"Idempotency-Key": "one"}
    first = known.livy.call("POST", "/batches?doAs=etl-1", body, headers=headers)
    assert first.status == 201 and first.json()["proxyUser"] == "etl-1"
    assert known.livy.call("POST", "/batches?doAs=etl-1", body, headers=headers).json()["id"] == first.json()["id"]
    assert known.livy.call("POST", "/batches?doAs=etl-2", body, headers=headers).status == 409


def test_do_as_lends_that_users_rights_and_no_others(known):
    path = f"/batches/{submit(known, 'ann')['id']}"
    assert known.livy.get(path + "/log", headers=password("airflow")).status == 403
    assert known.livy.get(path + "/log?doAs=ann", headers=password("airflow")).status == 200
    assert known.livy.get(path + "/log?doAs=etl-1", headers=password("airflow")).status == 403
    assert known.livy.get(path + "/log?doAs=ann", headers=password("bob")).status == 403
    assert known.livy.get("/batches?doAs=ann", headers=password("bob")).status == 403
    assert known.livy.delete(path + "?doAs=ann", headers=password("airflow")).status == 200
    asked = [event["actor"] for event in known.events(int(path.rpartition("/")[2])) if event["kind"] == "delete"]
    assert asked == ["airflow"], "who it was, and not as whom"


def test_whom_it_runs_as_may_see_and_end_it_too(known):
    batch = submit(known, "airflow", proxyUser="ann")
    assert known.livy.get(f"/batches/{batch['id']}/log", headers=password("ann")).status == 200
    assert known.livy.delete(f"/batches/{batch['id']}", headers=password("ann")).status == 200


@pytest.mark.parametrize("name, words", [("x" * 256, "1 to 255 bytes"), ("a\nb", "printable")])
def test_what_is_no_name_is_refused(known, name, words):
    answer = known.livy.post({"file": "local:///opt/app.py", "proxyUser": name}, headers=password("kestra"))
    assert answer.status == 400 and words in answer.json()["msg"]


@pytest.mark.parametrize("user, other, account", [
    ("ann", None, "team"), ("airflow", "ann", "team"), ("etl-1", None, "spark-etl-1"), ("airflow", "etl-9", "spark-etl-9"),
    ("bob", None, "spark"), ("airflow", None, "spark"),
])
def test_the_service_account_is_that_of_the_user(known, user, other, account):
    spec = application(known, submit(known, user, **({"proxyUser": other} if other else {})))
    assert spec["driver"]["serviceAccount"] == spec["executor"]["serviceAccount"] == account


@pytest.mark.parametrize("user, other, name", [("Eve", None, "Eve"), ("airflow", "etl-a.b", "spark-etl-a.b")])
def test_whose_name_makes_no_service_account_is_told(known, user, other, name):
    answer = known.livy.post({"file": "local:///opt/app.py", "proxyUser": other}, headers=password(user))
    assert answer.status == 403 and f"'{name}' is no DNS label" in answer.json()["msg"]


def test_nobody_chooses_another_service_account(known):
    conf = {"spark.kubernetes.authenticate.driver.serviceAccountName": "spark-etl-1"}
    answer = known.livy.post({"file": "local:///opt/app.py", "conf": conf}, headers=password("ann"))
    assert answer.status == 400 and "service accounts and credentials" in answer.json()["msg"]


def test_the_command_line_of_a_spark_submission_goes_by_the_same_rules(known):
    def sent(user, other):
        request = creation({}, mainClass="org.apache.spark.deploy.SparkSubmit", appResource="spark-internal",
                           appArgs=["--proxy-user", other, "local:///opt/app.py"])
        return KubernetesClient(known.spark_port).call("POST", "/v1/submissions/create", request, headers=password(user))

    assert sent("airflow", "etl-1").status == 200
    refused = sent("bob", "etl-1")
    assert refused.status == 403 and REFUSAL.format("bob", "etl-1") in refused.text


OF_ROLES = [  # user, their role; fields of a request; words of the refusal or None
    ("ann", {"conf": {"spark.sql.x": "1", "spark.driver.extraClassPath": "/x"}, "file": "http://h/a.py"}, None),
    ("bob", {"conf": {"spark.sql.shuffle.x": "1"}}, None),
    ("bob", {"conf": {"spark.sql.shuffle.partitions": "1"}}, "cluster 'default' for the role 'analysts' has 'spark.sql.shuffle.part"),
    ("bob", {"conf": {"spark.sql.x": "1"}}, "cluster 'default' has 'spark.sql.*' among its denied_conf"),
    ("bob", {"file": "http://h/a.py"}, "cluster 'default' has 'http://*' among its denied_uris"),
    ("kestra", {"conf": {"spark.sql.shuffle.partitions": "1"}}, None),
    ("kestra", {"conf": {"spark.driver.extraClassPath": "/x"}}, "the gateway denies"),
    ("airflow", {"conf": {"spark.sql.x": "1"}, "proxyUser": "ann"}, "cluster 'default' has 'spark.sql.*'"),  # who asks, not as whom
]


@pytest.mark.parametrize("user, fields, words", OF_ROLES)
def test_what_a_user_may_have_is_said_for_the_role(known, user, fields, words):
    answer = known.livy.post({"file": "local:///opt/a.py"} | fields, headers=password(user))
    if words is None:
        assert answer.status == 201, answer
    else:
        assert answer.status == 400 and words in answer.json()["msg"], answer


@pytest.mark.parametrize("user, both, enforced", [
    ("ann", "cluster", "admins"), ("bob", "analysts", "cluster"), ("kestra", "cluster", "cluster"), ("airflow", "cluster", "cluster"),
])
def test_what_a_user_gets_is_said_for_the_role(known, user, both, enforced):
    batch = submit(known, user, conf={"spark.x.enforced": "mine"})
    conf = application(known, batch)["sparkConf"]
    assert [conf[f"spark.x.{name}"] for name in ("default", "both", "enforced")] == ["cluster", both, enforced]


@pytest.mark.parametrize("user, words", [("bob", "for the role 'analysts'"), ("ann", None)])
def test_roles_count_for_driver_pods_of_spark_submit_too(known, user, words):
    driver = Driver()
    driver.properties["spark.sql.shuffle.partitions"] = "7"
    if user == "ann":
        driver.pod["spec"]["serviceAccountName"] = "team"
    _, answer = KnownClient(known.spark_port, user).submit(driver)
    if words is None:
        assert answer.status == 201, answer
    else:
        assert answer.status in (400, 422) and words in answer.text, answer


class KnownClient(KubernetesClient):
    def __init__(self, port, user):
        super().__init__(port)
        self.headers = password(user)

    def call(self, method, path, body=None, headers=None, **more):
        return super().call(method, path, body, headers=self.headers | (headers or {}), **more)


@pytest.mark.parametrize("user, given, account", [
    ("ann", None, "team"), ("ann", "team", "team"), ("ann", "spark", None), ("etl-1", "spark-etl-1", "spark-etl-1"),
    ("bob", "team", None), ("Eve", None, None),
])
def test_driver_pods_of_spark_submit_have_that_account_too(known, kube, user, given, account):
    driver = Driver()
    driver.pod["spec"].pop("serviceAccountName", None)
    if given:
        driver.pod["spec"]["serviceAccountName"] = given
        driver.properties["spark.kubernetes.authenticate.driver.serviceAccountName"] = given
    client = KnownClient(known.spark_port, user)
    if account is None:
        assert client.begin(driver).status == 403
        return
    _, answer = client.submit(driver)
    assert answer.status == 201, answer
    row = known.postgres.row("SELECT id, owner FROM batch WHERE driver_pod = %s", (driver.pod_name,))
    assert row["owner"] == user
    known.wait_state(row["id"], "starting")  # a worker that was late has left it to the watcher
    assert kube.call("GET", f"{k8s_client.PODS}/{driver.pod_name}")["spec"]["serviceAccountName"] == account


def test_without_a_front_that_authenticates_nobody_is_anybody(known):
    """A password that nobody has looked at is none: nginx takes $remote_user from what the client says."""
    passwords, known.authentication = known.authentication, None
    try:
        known.nginx.stop()
        known.start_nginx()
        answer = known.livy.get("/batches", headers=password("ann"))
        assert answer.status == 401 and "authentication.conf" in answer.json()["msg"]
    finally:
        known.authentication = passwords
        known.nginx.stop()
        known.start_nginx()


def test_where_nobody_is_known_rules_for_everybody_count(known):
    known.reconfigure({"proxy_users": {"*": "guest", "airflow": "*"}})
    try:
        answer = known.livy.post({"file": "local:///opt/app.py", "proxyUser": "guest"}, headers=password("airflow"))
        assert (answer.status, answer.json()["owner"], answer.json()["proxyUser"]) == (201, None, "guest")
        answer = known.livy.post({"file": "local:///opt/app.py", "proxyUser": "ann"}, headers=password("airflow"))
        assert answer.status == 403 and REFUSAL.format("null", "ann") in answer.json()["msg"]
    finally:
        known.reconfigure(CONFIG)


def test_polls_that_are_kept_for_one_user_are_nobody_else_s(known):
    batch_id = submit(known, "ann", name="polled")["id"]
    with Pollers(known, [known.livy.port], headers=password("ann")) as pollers:
        pollers.watch([batch_id])
        for user in USERS[1:]:
            first = Poll(known.livy.port, batch_id, headers=password(user))
            assert first.status == 200 and first.id in asked_workers(known), "its user has asked for it"
        for headers in ({}, password("ann", "wrong"), password("nobody")):
            assert Poll(known.livy.port, batch_id, headers=headers).status == 401
        refused = known.livy.get(f"/batches/{batch_id}/state?doAs=ann", headers=password("bob"))
        assert refused.status == 403, refused
