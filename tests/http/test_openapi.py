# SPDX-License-Identifier: Apache-2.0
"""deploy/openapi.yaml: a valid document, which tells the truth about live answers and leaves no route out."""
import pathlib
import re

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from spark_rest import CREATE, KILL, STATUS, creation

CLONE = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = yaml.safe_load((CLONE / "deploy/openapi.yaml").read_text())
METHODS = ("get", "post", "delete", "put", "patch")


def resolved(node):
    while "$ref" in node:
        target = DOCUMENT
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        node = target
    return node


def check(answer, method, path):
    """The answer is one that the document has for this operation, header by header and member by member."""
    operation = DOCUMENT["paths"][path][method.lower()]
    assert str(answer.status) in operation["responses"], f"{method} {path}: {answer}"
    response = resolved(operation["responses"][str(answer.status)])
    for name, header in response.get("headers", {}).items():
        assert name.lower() in answer.headers or not resolved(header).get("required"), name
    (media, content), = response["content"].items()
    assert answer.headers["content-type"].split(";")[0] == media
    if media == "application/json":
        schema = {**content["schema"], "components": DOCUMENT["components"]}
        errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(answer.json())]
        assert not errors, f"{method} {path}: {errors} {answer}"


def test_the_document_is_valid():
    assert not list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors())


def test_each_route_of_the_workers_is_in_it():
    """By the route tables themselves."""
    served = set()
    for file in (CLONE / "fcgi/api").glob("*/routes.c"):
        served |= {(path.removesuffix("/*"), method.lower()) for method, path in re.findall(r'\{ HTTP_(\w+), "([^"]+)"', file.read_text())}
    written = {(path, method) for path, item in DOCUMENT["paths"].items() for method in item if method in METHODS}
    assert served
    assert written - served == {("/nginx/healthz", "get"), ("/openapi.yaml", "get")}  # nginx answers them itself
    assert served - written == set()


def test_it_is_served(livy):
    answer = livy.get("/openapi.yaml")
    check(answer, "GET", "/openapi.yaml")
    assert yaml.safe_load(answer.body) == DOCUMENT
    wrong = livy.call("POST", "/openapi.yaml", "")
    assert (wrong.status, list(wrong.json())) == (405, ["msg"])


CALLS = [
    ("GET", "/batches", "/batches", None, {}, 200),
    ("GET", "/batches", "/batches?from=0&size=1", None, {}, 200),
    ("GET", "/batches", "/batches?limit=1", None, {}, 200),
    ("GET", "/batches", "/batches?state=starting&owner=x", None, {}, 200),
    ("GET", "/batches", "/batches?from=x", None, {}, 400),
    ("GET", "/batches", "/batches?order=x", None, {}, 400),
    ("GET", "/batches", "/batches", None, {"Accept": "application/vnd.livy.v9+json"}, 406),
    ("POST", "/batches", "/batches", {"file": "local:///a.py", "args": [1, True], "numExecutors": "2"}, {}, 201),
    ("POST", "/batches", "/batches", {"file": "local:///a.py", "wrong": 1}, {}, 400),
    ("POST", "/batches", "/batches", {"file": "local:///a.py", "proxyUser": "bob"}, {}, 403),
    ("POST", "/batches", "/batches", " " * (1024 * 1024 + 1), {}, 413),
    ("GET", "/batches/{id}", "/batches/{}", None, {}, 200),
    ("GET", "/batches/{id}", "/batches/no-such-name", None, {}, 404),
    ("GET", "/batches/{id}", "/batches/99999999999999999999", None, {}, 400),
    ("GET", "/batches/{id}/state", "/batches/{}/state", None, {}, 200),
    ("GET", "/batches/{id}/state", "/batches/999999999/state", None, {}, 404),
    ("GET", "/batches/{id}/log", "/batches/{}/log?from=0&size=1", None, {}, 200),
    ("GET", "/batches/{id}/log", "/batches/{}/log?size=x", None, {}, 400),
    ("DELETE", "/batches/{id}", "/batches/{}", None, {}, 200),
    ("DELETE", "/batches/{id}", "/batches/999999999", None, {}, 404),
    ("GET", "/", "/", None, {}, 200),
    ("POST", "/", "/", None, {}, 200),
    ("GET", "/version", "/version", None, {}, 200),
    ("GET", "/version", "/version", None, {"Accept": "application/vnd.livy.v9+json"}, 406),
    ("GET", "/healthz", "/healthz", None, {}, 200),
    ("GET", "/readyz", "/readyz", None, {}, 200),
    ("GET", "/clusters", "/clusters", None, {}, 200),
    ("GET", "/metrics", "/metrics", None, {}, 200),
    ("GET", "/metrics/ping", "/metrics/ping", None, {}, 200),
    ("GET", "/nginx/healthz", "/nginx/healthz", None, {}, 200),
    ("POST", CREATE, CREATE, creation(), {}, 200),
    ("POST", CREATE, CREATE, creation(more=1), {}, 200),
    ("POST", CREATE, CREATE, creation(appResource=None), {}, 400),
    ("POST", CREATE, CREATE, " " * (1024 * 1024 + 1), {}, 413),
    ("GET", STATUS + "{id}", STATUS + "driver-nope", None, {}, 200),
    ("POST", KILL + "{id}", KILL + "driver-nope", None, {}, 200),
    ("POST", "/v1/submissions/killall", "/v1/submissions/killall", None, {}, 200),
    ("POST", "/v1/submissions/clear", "/v1/submissions/clear", None, {}, 200),
    ("GET", "/v1/submissions/readyz", "/v1/submissions/readyz", None, {}, 200),
]


@pytest.mark.parametrize("method,path,target,body,headers,status", CALLS)
def test_live_answers_are_as_written(stack, livy, method, path, target, body, headers, status):
    if "{}" in target:
        target = target.format(livy.submit()["id"])
    server = stack.everything if target.startswith("/v1/") else livy
    answer = server.call(method, target, body, headers)
    assert answer.status == status, answer
    check(answer, method, path)


def test_a_conflict_is_as_written(livy, clean):
    headers = {"Idempotency-Key": "openapi"}
    livy.post({"file": "local:///a.py"}, headers=headers)
    answer = livy.post({"file": "local:///b.py"}, headers=headers)
    assert answer.status == 409
    check(answer, "POST", "/batches")


def test_an_outage_is_as_written(livy, repaired):
    repaired.postgres.stop()
    for method, path in (("GET", "/batches"), ("POST", "/batches"), ("GET", "/readyz")):
        answer = livy.call(method, path, {"file": "local:///a.py"} if method == "POST" else None)
        assert answer.status == 503
        check(answer, method, path)
