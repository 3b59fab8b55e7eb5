# SPDX-License-Identifier: Apache-2.0
"""4.1 the Batch object, 4.2 POST /batches, 4.4 GET /batches/{id}, 4.5 its state."""
from case import (BARE, FILE, MSG, TEXT, Case, Matches, Reply, Step, batch, get, in_order, msg, only_batch, post,
                  submit)

MADE = Reply(201, batch())


def including(**members):
    return Matches(f"an object with {members}", lambda value: isinstance(value, dict) and
                   all(value.get(name) == wanted for name, wanted in members.items()))


def becomes(it, fields, spec):
    """What a field is to Spark: [X] of 4.2, seen in the SparkApplication where there is one."""
    return Case(it, "4.2 becomes", submit(**fields), MADE, spec=spec)


def below_one(field, value):
    livy = Reply(500, BARE) if isinstance(value, str) else MADE
    return Case(f"refuses {field}: {value!r}", "4.2 driverCores", submit(**{field: value}), livy,
                Reply(400, msg(f"{field}: ")), "counts below 1")


OBJECT = [
    Case("has the eight fields in order", "4.1 the Batch object", get("/batches/${id}"), Reply(200, only_batch()),
         Reply(200, batch()), "further fields", "a batch"),
    Case("begins with nothing known", "4.1 the Batch object", submit(), Reply(201, batch(
        name=None, owner=None, proxyUser=None, appId=None,
        appInfo={"driverLogUrl": None, "sparkUiUrl": None, "executorLogUrls": None}))),
    Case("has its name", "4.1 name", submit(name="${new}"), Reply(201, lambda known: batch(name=known["new"]))),
    Case("has the marks of an empty log", "4.1 log", submit(), Reply(201, batch(log=["stdout: ", "\nstderr: "])),
         Reply(201, batch(log=[])), "log marks"),
    Case("has the last ten lines of its log", "4.1 log", get("/batches/${id}"),
         Reply(200, batch(log=[f"line {number}" for number in range(9, 19)])), given="a log of 19 lines"),
    Case("has its application's id once it is known", "4.1 appId", get("/batches/${id}"), Reply(200, batch(
        appId="spark-5f1c")), given="a running batch"),
    Case("keeps its application's id", "4.1 appId", get("/batches/${id}"), Reply(200, batch(appId="spark-5f1c")),
         given="a batch of success"),
    Case("has no links", "4.1 appInfo", get("/batches/${id}"), Reply(200, batch(appInfo={
        "driverLogUrl": None, "sparkUiUrl": TEXT, "executorLogUrls": None})), Reply(200, batch(appInfo={
            "driverLogUrl": None, "sparkUiUrl": None, "executorLogUrls": None})), "links", "a batch of success"),
]

ALL_NULL = {"file": "local:///opt/app.jar", "className": "Main", "proxyUser": None, "args": [], "jars": [],
            "pyFiles": [],
            "files": [], "archives": [], "driverMemory": None, "driverCores": None, "executorMemory": None,
            "executorCores": None, "numExecutors": None, "queue": None, "name": None, "conf": {}}
SOURCES = {"jars": "local:///a.jar", "pyFiles": "s3a://bucket/a.py", "files": "https://host/a.txt",
           "archives": "hdfs://host/env.tgz#env"}

FIELDS = [
    Case("answers with the place of the batch", "4.2 reply", submit(), Reply(201, batch(), {"Location": Matches(
        "/batches/<id>", lambda value: value.removeprefix("/batches/").isdigit())})),
    Case("says the same place for a POST with a slash", "4.2 reply", post({"file": FILE}, "/batches/"), Reply(
        201, batch(), {"Location": Matches("no slash at its end", lambda value: not value.endswith("/"))})),
    Case("can be read where the place says", "4.2 reply", submit(name="${new}"), Reply(201, batch()), then=(
        Step(get("/batches/${made}"), Reply(200, lambda known: batch(id=known["made"], name=known["new"]))),)),
    Case("takes explicit nulls and empty lists", "4.2 null for a scalar", post(ALL_NULL), Reply(201, batch(name=None))),
    *(Case(f"takes {field}: null", "4.2 null for a scalar", submit(**{field: None}), MADE) for field in (
        "className", "driverMemory", "driverCores", "executorMemory", "executorCores", "numExecutors", "queue", "name",
        "proxyUser")),
    Case("takes a number for file as its text", "4.2 file", post({"file": 7}),
         Reply(400, {"msg": "Rejected, Reason: requirement failed: Path '7' is not absolute."}),
         Reply(400, msg("Path '7' is not absolute")), "error bodies"),
    becomes("takes the file as the application", {"file": "s3a://bucket/a.py"},
            {"mainApplicationFile": "s3a://bucket/a.py"}),
    *(Case(f"takes {scheme} with a scheme as it is", "4.2 path rules", post({"file": scheme}), MADE)
      for scheme in ("local:///a.py", "s3a://b/a.py", "hdfs://h/a.py", "http://h/a.py", "https://h/a.py",
                     "gs://b/a.py")),
    becomes("takes a main class", {"className": "org.example.Main"}, {"mainClass": "org.example.Main"}),
    becomes("makes texts of numbers and booleans in args", {"args": [1, True, 1.5, "x"]},
            {"arguments": ["1", "true", "1.5", "x"]}),
    becomes("keeps args in order, the empty one too", {"args": ["--b", "", "--a", "ü"]},
            {"arguments": ["--b", "", "--a", "ü"]}),
    *(becomes(f"takes {field}", {field: [uri]}, {"deps": including(**{field: [uri]})})
      for field, uri in SOURCES.items()),
    *(becomes(f"drops empty items of {field}", {field: ["", uri]}, {"deps": including(**{field: [uri]})})
      for field, uri in SOURCES.items()),
    becomes("puts the request's jars before those of conf", {"jars": ["local:///a.jar"], "conf": {
        "spark.jars": "local:///b.jar, local:///c.jar"}},
        {"deps": including(jars=["local:///a.jar", "local:///b.jar", "local:///c.jar"])}),
    becomes("takes sizes", {"driverMemory": "1g", "driverCores": 2, "executorMemory": "2g", "executorCores": 3,
                            "numExecutors": 4},
            {"driver": including(memory="1g", cores=2), "executor": including(memory="2g", cores=3, instances=4)}),
    becomes("lets fields beat conf", {"driverMemory": "1g", "numExecutors": 2, "conf": {
        "spark.driver.memory": "9g", "spark.executor.instances": "9"}},
        {"driver": including(memory="1g"), "executor": including(instances=2)}),
    Case("makes texts of conf's scalars as they were written", "4.2 conf", post(
        f'{{"file": "{FILE}", "conf": {{"spark.a": 2, "spark.b": true, "spark.c": 1.50, "spark.d": "x"}}}}'.encode()),
        MADE,
        spec={"sparkConf": including(**{"spark.a": "2", "spark.b": "true", "spark.c": "1.50", "spark.d": "x"})}),
    Case("takes null in conf", "4.2 conf", submit(conf={"spark.a": None}), MADE, Reply(400, msg("conf.spark.a")),
         "null in conf"),
    *(Case(f"takes a number of many digits in {field}", "4.2 conf", post(
        f'{{"file": "{FILE}", "{field}": {value}}}'.encode()), MADE, Reply(400, msg("write it as a string")),
        "long numbers")
        for field, value in (("args", "[99999999999999999999]"), ("conf", '{"spark.a": 99999999999999999999}'))),
    *(Case(f"refuses a NUL in {field}", "4.2 POST /batches", post(f'{{"file": "{FILE}", "{field}": {value}}}'.encode()),
           Reply(500, BARE), Reply(400, msg("NUL")), "NUL characters") for field, value in (
               ("args", '["a\\u0000b"]'), ("conf", '{"spark.a": "\\u0000"}'), ("name", '"a\\u0000${new}"'))),
    *(Case(f"takes the conf key {key}", "4.2 forbidden conf keys", submit(conf={key: "x"}), MADE, Reply(400, msg(key)),
           "conf keys") for key in ("spark.kubernetes.authenticate.driver.serviceAccountName",
                                    "spark.kubernetes.authenticate.oauthToken",
                                    "spark.kubernetes.driver.podTemplateFile",
                                    "spark.kubernetes.executor.podTemplateFile")),
    Case("does not let conf choose the namespace", "4.2 conf",
         submit(conf={"spark.kubernetes.namespace": "kube-system"}),
         MADE, spec={"sparkConf": Matches("without one", lambda value: "spark.kubernetes.namespace" not in value)}),
    Case("does not let conf choose the master", "4.2 spark.master", submit(conf={"spark.master": "local[1]"}), MADE,
         spec={"mode": "cluster", "sparkConf": Matches("without a master", lambda value: "spark.master" not in value)}),
    *(Case(f"takes {field}: {value!r}", "4.2 driverMemory", submit(**{field: value}), MADE)
      for field in ("driverMemory", "executorMemory") for value in ("512m", "2g", "512", 512, "1T", "3GB")),
    *(Case(f"refuses {field}: {value!r}", "4.2 driverMemory", submit(**{field: value}), MADE,
           Reply(400, msg(f"{field}: ")), "memory") for field in ("driverMemory", "executorMemory")
      for value in ("lots", "-1g", "1.5g", "")),
    *(below_one(field, value) for field in ("driverCores", "executorCores", "numExecutors") for value in (0, -1, "0")),
    Case("takes a queue", "4.2 queue", submit(queue="etl"), MADE),
    Case("takes a long name", "4.2 name", submit(name="x" * 200 + "${new}"), MADE),
    Case("takes a name above 255 bytes", "4.2 name", submit(name="x" * 300), MADE, Reply(400, msg("255")),
         "long names"),
    Case("takes a name of letters and digits", "4.2 name", submit(name="7-${new}"), MADE),
    *(Case(f"burns no id for {what}", "4.2 id consumption", post(body), Reply(400, BARE), Reply(400, MSG),
           "error bodies", "a batch", (Step(submit(), Reply(201, lambda known: batch(id=known["id"] + 1))),))
      for what, body in (("malformed JSON", b"{"), ("an unknown field", {"file": FILE, "foo": 1}),
                         ("a wrong type", {"file": FILE, "args": "x"}))),
]

ITEM = [
    Case("shows an item", "4.4 GET /batches/{id}", get("/batches/${id}"), Reply(200, lambda known: batch(
        id=known["id"], name=known["name"])), given="a batch"),
    Case("has no item", "4.4 GET /batches/{id}", get("/batches/987654321"),
         Reply(404, {"msg": "Session '987654321' not found."})),
    Case("shows the state alone", "4.5 GET /batches/{id}/state", get("/batches/${id}/state"), Reply(
        200, lambda known: in_order({"id": known["id"], "state": TEXT})), given="a batch"),
    Case("shows the state by name", "4.5 GET /batches/{id}/state", get("/batches/${name}/state"), Reply(
        200, lambda known: {"id": known["id"], "state": TEXT}), given="a batch"),
    Case("has no state of nothing", "4.5 GET /batches/{id}/state", get("/batches/987654321/state"),
         Reply(404, {"msg": "Session '987654321' not found."})),
]

CASES = [*OBJECT, *FIELDS, *ITEM]
