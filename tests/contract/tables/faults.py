# SPDX-License-Identifier: Apache-2.0
"""9. Known faults of the original: what is done instead, where it shows in requests and answers.

Those that only show when parts fail are in ELSEWHERE, with the test that shows them.
"""
from case import ANY_TYPE, FILE, MSG, Case, Matches, Reply, Request, Step, batch, get, has, msg, post, submit

DUPLICATE = Reply(400, msg("Duplicate session name"))
MADE = Reply(201, batch())


def leaves_nothing(it, request, livy):
    """Fault 1: a rejected batch is listed, and holds its name."""
    return Case(it, "9 fault 1", request, livy, Reply(400, MSG), "rejected requests", then=(
        Step(get("/batches/${new}"), Reply(200, batch(state="starting")), Reply(404)),
        Step(submit(name="${new}"), DUPLICATE, MADE)))


def keyed(body, key):
    return post(body, headers={"Idempotency-Key": key})


def repeated(it, first, second):
    return Case(it, "9 fault 9", first, MADE, MADE, "idempotency", then=(
        Step(second, Reply(201, lambda known: batch(id=Matches("a new one", lambda value: value != known["made"]))),
             Reply(201, lambda known: batch(id=known["made"]))),))


BY_CONF = {"file": FILE, "conf": {"spark.sparkgate.client.key": "${new}"}}
NO_PAGE = Reply(404, headers=ANY_TYPE)
REJECTED = Reply(400, msg("Rejected"))
NOW = Matches("a time", lambda value: isinstance(value, str) and value.endswith("Z"))
TOLD = Matches("times and a reason", lambda value: value == batch() and value["submittedAt"] == NOW and
               "startedAt" in value and "finishedAt" in value and "reason" in value)

CASES = [
    leaves_nothing("leaves nothing of a batch without a file", post({"name": "${new}"}), REJECTED),
    leaves_nothing("leaves nothing of a relative path", post({"file": "a.py", "name": "${new}"}), REJECTED),
    leaves_nothing("leaves nothing of a forbidden conf key",
                   submit(name="${new}", conf={"spark.submit.deployMode": "x"}),
                   REJECTED),
    leaves_nothing("leaves nothing of fractional cores", submit(name="${new}", driverCores=2.5), Reply(500)),
    Case("keeps what Kubernetes refused out of the way of its name", "9 fault 1", post({
        "file": "${unwanted}", "name": "${new}"}), Reply(201), Reply(400, msg("nobody wants this file")),
        "Kubernetes' refusals", "a file that Kubernetes refuses", (
            Step(get("/batches/${new}/state"),
                 Reply(200, {"id": Matches("an id", lambda value: True), "state": "dead"}),
                 Reply(200, {"id": Matches("an id", lambda value: True), "state": "error"})),
            Step(submit(name="${new}"), DUPLICATE, MADE))),
    Case("gives a finished batch's name to the next", "9 fault 5", submit(name="${name}"), DUPLICATE, MADE, "names",
         "a batch of success"),
    Case("gives a dead batch's name to its next try", "9 fault 5", submit(name="${name}"), DUPLICATE, MADE, "names",
         "a dead batch"),
    Case("accepts while Kubernetes is away", "9 fault 8", submit(), MADE, given="Kubernetes away", then=(
        Step(get("/batches/${made}/state"), Reply(200, lambda known: {"id": known["made"], "state": "starting"})),)),
    Case("keeps the last known state while Kubernetes is away", "9 fault 10", get("/batches/${id}/state"), Reply(
        200, lambda known: {"id": known["id"], "state": "starting"}), given="Kubernetes away"),
    repeated("takes a repeated header for the same batch", keyed({"file": FILE}, "${new}"),
             keyed({"file": FILE}, "${new}")),
    repeated("takes a repeated conf entry for the same batch", post(BY_CONF), post(BY_CONF)),
    Case("takes no other body for the same key", "9 fault 9", keyed({"file": FILE}, "${new}"), MADE, MADE,
         "idempotency",
         then=(Step(keyed({"file": FILE, "args": ["x"]}, "${new}"), MADE, Reply(409, MSG)),)),
    Case("puts archives where Kubernetes has them", "9 fault 11", submit(archives=["local:///env.tgz#env"]), MADE,
         spec={"deps": {"archives": ["local:///env.tgz#env"]}}),
    Case("names no class of its inside", "9 fault 16", post(b'{"file": "x", "foo": 1}'), Reply(400, has("class ")),
         Reply(400, {"msg": Matches("no class", lambda value: "class " not in value and "java" not in value)}),
         "error bodies"),
    *(Case(f"never acts as somebody else: {request.method} {request.path}", "9 faults 16, 19", request, Reply(status),
           Reply(403, msg("doAs")), "impersonation", "a batch") for request, status in (
               (get("/batches?doAs=bob"), 200), (get("/batches/${id}?doAs=bob"), 200),
               (get("/batches/${id}/log?doAs="), 200), (Request("DELETE", "/batches/${id}?doAs=bob"), 200))),
    *(Case(f"is probed at {path}", "9 fault 21", get(path), NO_PAGE, Reply(200, {"status": word}), "health")
      for path, word in (("/healthz", "ok"), ("/readyz", "ready"))),
    Case("is not ready without its database", "9 fault 21", get("/readyz"), NO_PAGE, Reply(503, MSG, {
        "Retry-After": "2"}), "health", "the database away"),
    Case("is alive without its database", "9 fault 21", get("/healthz"), NO_PAGE, Reply(200, {"status": "ok"}),
         "health",
         "the database away"),
    Case("tells times and reasons", "9 fault 22", get("/batches/${id}"), Reply(200, Matches(
        "eight fields", lambda value: len(value) == 8)), Reply(200, TOLD), "further fields", "a dead batch"),
    Case("filters the list by name", "9 fault 22", get("/batches?namePrefix=${name}"), Reply(200, {
        "from": 0, "total": Matches("a number", lambda value: True),
        "sessions": Matches("a list", lambda value: True)}),
        Reply(200, lambda known: {"from": None, "total": None, "sessions": [batch(name=known["name"])], "next": None}),
        "list parameters", "a batch"),
]

# Differences that requests and answers alone do not show.
ELSEWHERE = {
    "ids": "http/test_pages.py::test_ids_grow_and_never_repeat",
    "archives and queue": "http/test_object.py::test_every_field_has_its_place",
    "final states": "http/test_states.py::test_a_final_state_never_changes",
    "retention": "http/test_lists.py::test_the_object_of_what_ended_goes_first_and_the_row_much_later",
    "Kubernetes away": "http/test_kubernetes_faults.py::test_states_survive_an_api_server_that_is_away",
    "evidence": "http/test_states.py::test_a_doubtful_failure_asks_the_driver_pod",
    "restarts": "http/test_process_faults.py::test_everything_killed_while_fifty_are_submitted",
    "scaling": "http/test_kubernetes_faults.py::test_fifty_at_once_are_fifty_rows_and_fifty_objects",
    "secrets": "http/test_object.py::test_secrets_are_in_the_object_and_nowhere_else",
    "state lag": "http/test_states.py::test_many_batches_are_no_slower",
}
