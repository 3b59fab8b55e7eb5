# SPDX-License-Identifier: Apache-2.0
"""4.7 DELETE /batches/{id}."""
from case import EMPTY, Case, Reply, Step, batch, delete, get, head, ids_are, submit

DELETED = Reply(200, {"msg": "deleted"})
GONE = Reply(404, lambda known: {"msg": f"Session '{known['id']}' not found."})
KILLED = Reply(200, lambda known: {"id": known["id"], "state": "killed"})


def afterwards(it, request, livy, sparkgate):
    return Case(it, "4.7 afterwards", request, livy, sparkgate, "deleted batches", "a deleted batch")


def of_state(state, given, shown):
    return Case(f"deletes what is {state}, which {'stays so' if state == shown else 'is killed'}", "4.7 every state",
                delete("/batches/${id}"), DELETED, None, "deleted batches", given,
                (Step(get("/batches/${id}/state"), GONE,
                      Reply(200, lambda known: {"id": known["id"], "state": shown})),))


CASES = [
    Case("deletes", "4.7 reply", delete("/batches/${id}"), DELETED, given="a batch"),
    Case("deletes by name", "4.7 reply", delete("/batches/${name}"), DELETED, given="a batch"),
    Case("needs no body, and minds none", "4.7 reply", delete("/batches/${id}", body={"any": 1}), DELETED,
         given="a batch"),
    Case("cannot delete what is not there", "4.7 reply", delete("/batches/987654321"),
         Reply(404, {"msg": "Session '987654321' not found."})),
    Case("takes it from the list", "4.7 afterwards", get("/batches?from=${first}"), Reply(200, lambda known: {
        "from": known["first"], "total": known["total"], "sessions": ids_are(known["ids"])}),
        given="four of five left"),
    afterwards("answers for a deleted batch's state", get("/batches/${id}/state"), GONE, KILLED),
    afterwards("answers for a deleted batch", get("/batches/${id}"), GONE, Reply(200, batch(state="killed"))),
    afterwards("answers for a deleted batch's log", get("/batches/${id}/log"), GONE, Reply(200)),
    afterwards("answers HEAD for a deleted batch", head("/batches/${id}"), Reply(404, EMPTY), Reply(200, EMPTY)),
    Case("says deleted again", "4.7 afterwards", delete("/batches/${id}"), GONE, DELETED, "second DELETE",
         "a deleted batch"),
    Case("frees its name", "4.7 afterwards", submit(name="${name}"),
         Reply(201, lambda known: batch(name=known["name"])), given="a deleted batch"),
    Case("finds the new one of a name", "4.7 afterwards", submit(name="${name}"), Reply(201), given="a deleted batch",
         then=(Step(get("/batches/${name}"), Reply(200, lambda known: batch(id=known["made"]))),)),
    of_state("starting", "a submitted batch", "killed"), of_state("running", "a running batch", "killed"),
    of_state("success", "a batch of success", "success"), of_state("dead", "a dead batch", "dead"),
    of_state("killed", "a batch removed by somebody else", "killed"),
    Case("answers before the kill is confirmed", "4.7 waits for the kill call", delete("/batches/${id}"), DELETED, None,
         "kills", "a running batch whose object stays", (Step(get("/batches/${id}/state"), GONE, KILLED),)),
    Case("answers while Kubernetes is away", "4.7 a failure to kill", delete("/batches/${id}"), DELETED, None,
         "kills", "Kubernetes away", (Step(get("/batches/${id}/state"), GONE, KILLED),)),
]
