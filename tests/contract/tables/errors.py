# SPDX-License-Identifier: Apache-2.0
"""2. Error catalogue. Statement, job and upload rows belong to interactive sessions, which sparkgate does not serve."""
from case import BARE, FILE, MSG, Case, Reply, Request, Step, batch, delete, get, has, msg, post, submit

REFUSED = Reply(400, MSG)
SHAPE = "error bodies"


def refused(it, row, request, livy, *words, status=400, difference=SHAPE, livy_status=400, given=None):
    """A 400 whose words are Livy's at the beginning, and say more."""
    return Case(it, f"2 {row}", request, Reply(livy_status, livy), Reply(status, msg(*words)), difference, given)


def rejected(it, row, request, livy, *words, difference=SHAPE):
    return refused(it, row, request, {"msg": f"Rejected, Reason: {livy}"}, "Rejected, Reason: ", *words,
                   difference=difference)


def local(it, request, path, *words):
    """Livy tells the path without its scheme."""
    return rejected(it, "local path not whitelisted", request,
                    f"requirement failed: Local path {path.removeprefix('file://')} cannot be added to user sessions.",
                    f"Local path {path}", "local:///", *words, difference="local paths")


def slip(it, request, *words):
    """FAULT-6: 500 for a type slip."""
    return refused(it, "cores, nulls", request, BARE, *words, livy_status=500, difference="type slips")


NOT_FOUND = [
    *(Case(f"has no batch 0: {method} {path}", "2 unknown id or name", Request(method, path),
           Reply(404, {"msg": "Session '999999999' not found."})) for method, path in (
               ("GET", "/batches/999999999"), ("GET", "/batches/999999999/state"), ("GET", "/batches/999999999/log"),
               ("DELETE", "/batches/999999999"))),
    *(Case(f"has no such name: {method} {path}", "2 unknown id or name", Request(method, path),
           Reply(404, lambda known: {"msg": f"Session '{known['new']}' not found."})) for method, path in (
               ("GET", "/batches/${new}"), ("GET", "/batches/${new}/state"), ("GET", "/batches/${new}/log"),
               ("DELETE", "/batches/${new}"))),
    Case("tells a name as it was meant", "2 unknown id or name", get("/batches/no%20such%22%C3%BC"),
         Reply(404, {"msg": "Session 'no such\"\u00fc' not found."})),
    Case("refuses an id beyond every number", "2 id beyond int32", get("/batches/99999999999999999999"),
         Reply(400, {"msg": 'For input string: "99999999999999999999"'}),
         Reply(400, msg('For input string: "99999999999999999999"')), SHAPE),
]

BODIES = [
    *(refused(f"refuses {what}", "body not JSON, empty, truncated", post(body), BARE, *words) for what, body, words in (
        ("an empty body", b"", ("No content to map due to end-of-input",)), ("blanks", b" \n ", ()),
        ("no JSON", b"file=x", ("not JSON",)), ("XML", b"<batch/>", ("not JSON",)),
        ("a truncated object", b'{"file": "local:///a.py"', ("not complete",)),
        ("a truncated text", b'{"file": "loc', ("not complete",)), ("a truncated key", b'{"fi', ("not complete",)))),
    *(refused(f"knows no field {name}", "unknown field in the body", submit(**{name: value}), has(
        f'Unrecognized field "{name}"'), f'Unrecognized field "{name}"') for name, value in (
            ("foo", 1), ("kind", "pyspark"), ("heartbeatTimeoutInSecond", 60), ("ttl", "1h"), ("File", FILE), ("", 1))),
    *(refused(f"refuses {what}", "wrong JSON type", post(body), BARE, *words) for what, body, words in (
        ("an array for the body", [{"file": FILE}], ("JSON object",)),
        ("a text for the body", "text", ("JSON object",)),
        ("a number for the body", 17, ("JSON object",)), ("true for the body", True, ("JSON object",)),
        ("a text for args", {"file": FILE, "args": "x"}, ("args",)),
        ("an object in args", {"file": FILE, "args": ["a", {}]}, ("args[1]",)),
        ("a list in args", {"file": FILE, "args": [["a"]]}, ("args[0]",)),
        ("an object for jars", {"file": FILE, "jars": {}}, ("jars",)),
        ("a list for file", {"file": [FILE]}, ("file",)), ("an object for name", {"file": FILE, "name": {}}, ("name",)),
        ("a list for conf", {"file": FILE, "conf": []}, ("conf",)),
        ("a text for conf", {"file": FILE, "conf": "a=b"}, ("conf",)),
        ("a list in conf", {"file": FILE, "conf": {"spark.a": []}}, ("conf.spark.a",)),
        ("an object in conf", {"file": FILE, "conf": {"spark.a": {}}}, ("conf.spark.a",)),
        ("a list for driverMemory", {"file": FILE, "driverMemory": []}, ("driverMemory",)))),
    refused("refuses the literal null", "body is the literal null", post(b"null"), BARE, "JSON object", livy_status=500,
            difference="type slips"),
]

FILES = [
    *(Case(f"wants a file: {body}", "2 file missing or null", post(body),
           Reply(400, {"msg": "Rejected, Reason: requirement failed: File is required."}))
      for body in ({}, {"file": None}, {"args": ["x"]})),
    refused("wants a file that is not empty", "file is empty", post({"file": ""}),
            "java.lang.IndexOutOfBoundsException: 0", "File is required", livy_status=500, difference="type slips"),
    rejected("refuses a relative file", "path without scheme and not absolute", post({"file": "a.py"}),
             "requirement failed: Path 'a.py' is not absolute.", "Path 'a.py' is not absolute."),
    *(rejected(f"refuses a relative path in {field}", "path without scheme and not absolute",
               submit(**{field: ["a.x"]}),
               "requirement failed: Path 'a.x' is not absolute.", "Path 'a.x' is not absolute.", field)
      for field in ("jars", "pyFiles", "files", "archives")),
    local("refuses a path without a scheme", post({"file": "/jobs/a.py"}), "/jobs/a.py", "file: "),
    local("refuses a path of the scheme file", post({"file": "file:///jobs/a.py"}), "file:///jobs/a.py", "file: "),
    *(local(f"refuses a local path in {field}", submit(**{field: ["/jobs/a.x"]}), "/jobs/a.x", f"{field}: ")
      for field in ("jars", "pyFiles", "files", "archives")),
    *(local(f"refuses a local path in conf {key}", submit(conf={key: value}), "/jobs/a.x", f"{key}: ")
      for key, value in (("spark.jars", "local:///b.jar,/jobs/a.x"), ("spark.files", "/jobs/a.x"),
                         ("spark.archives", "/jobs/a.x"), ("spark.submit.pyFiles", "local:///b.py /jobs/a.x"))),
    rejected("refuses a blank in a file", "not a URI", post({"file": "/jobs/a b.py"}),
             "java.net.URISyntaxException: Illegal character in path at index 7: /jobs/a b.py",
             "java.net.URISyntaxException: Illegal character in path at index 7: /jobs/a b.py", "file"),
]

NAMES = [
    *(rejected(f"refuses the conf key {key}", "forbidden conf key", submit(conf={key: "x"}),
               f"Blacklisted configuration values in session config: {key}",
               f"Blacklisted configuration values in session config: {key}") for key in (
                   "spark.submit.deployMode", "spark.submit.proxyUser.allowCustomClasspathInClusterMode")),
    rejected("refuses a name of digits", "name empty or all digits", submit(name="123"), "Invalid session name: 123",
             "Invalid session name: 123"),
    rejected("refuses an empty name", "name empty or all digits", submit(name=""), "Invalid session name: ",
             "Invalid session name: "),
    rejected("refuses a number for a name", "name empty or all digits", submit(name=7), "Invalid session name: 7",
             "Invalid session name: 7"),
    Case("refuses a name in use", "2 name in use", submit(name="${name}"),
         Reply(400, msg("Rejected, Reason: Duplicate session name: Some(")),
         Reply(400, msg("Rejected, Reason: Duplicate session name: ")), SHAPE, "a batch"),
    Case("answers a second DELETE", "2 DELETE racing another DELETE", delete("/batches/${id}"), Reply(404, MSG),
         Reply(200, {"msg": "deleted"}), "second DELETE", "a deleted batch"),
]

OVERLOAD = [
    *(Case(f"says when to come again: {method} {path}", "2 too many submissions running", Request(method, path, body),
           Reply(400, {"msg": "Rejected, too many sessions are being created!"}),
           Reply(503, MSG, {"Retry-After": "2"}), "overload", "the workers away")
      for method, path, body in (("POST", "/batches", {"file": FILE}), ("GET", "/batches/${id}/state", None))),
    *(Case(f"says when to come again without a database: {method} {path}", "2 anything else",
           Request(method, path, body),
           Reply(500, BARE), Reply(503, msg("database"), {"Retry-After": "2"}), "overload", "the database away")
      for method, path, body in (("POST", "/batches", {"file": FILE}), ("GET", "/batches", None),
                                 ("GET", "/batches/${id}", None))),
]

MADE = Reply(201, batch())
SLIPS = [
    *(Case(f"takes {field}: \"{value}\"", "2 driverCores is a string", submit(**{field: value}), Reply(500, BARE), MADE,
           "type slips", spec=spec) for field, value, spec in (
               ("driverCores", "2", None), ("executorCores", "3", None), ("numExecutors", "4", None))),
    *(slip(f"refuses {field}: {shown}", post(f'{{"file": "{FILE}", "{field}": {shown}}}'.encode()), field)
      for field in ("driverCores", "executorCores", "numExecutors")
      for shown in ("2.5", "2147483648", '"2.5"', '"two"', '""')),
    *(slip(f"refuses {shown} for driverCores", post(f'{{"file": "{FILE}", "driverCores": {shown}}}'.encode()),
           "driverCores") for shown in ("true", "[]", "{}", "1e999", "9" * 400)),
    *(slip(f"refuses null in {field}", submit(**{field: [None]}), f"{field}[0]")
      for field in ("args", "jars", "pyFiles", "files", "archives")),
    *(Case(f"takes null for {field}", "2 null for a list field or for conf", submit(**{field: None}), Reply(500, BARE),
           MADE, "type slips") for field in ("args", "jars", "pyFiles", "files", "archives", "conf")),
    refused("refuses to act as somebody else", "impersonation", submit(proxyUser="bob"), batch(proxyUser=None),
            "proxyUser",
            livy_status=201, status=403, difference="impersonation"),
    refused("refuses doAs", "impersonation", post({"file": FILE}, "/batches?doAs=bob"), batch(proxyUser=None), "doAs",
            livy_status=201, status=403, difference="impersonation"),
    *(Case(f"has no {path}", "2 statements, jobs, uploads", get(path), Reply(200), Reply(404, MSG),
           "interactive sessions")
      for path in ("/sessions", "/sessions/")),
    Case("makes no session", "2 statements, jobs, uploads", post({"kind": "pyspark"}, "/sessions"), Reply(201),
         Reply(404, MSG), "interactive sessions", then=(Step(get("/batches?size=0"), Reply(200)),)),
]

CASES = [*NOT_FOUND, *BODIES, *FILES, *NAMES, *OVERLOAD, *SLIPS]
