# SPDX-License-Identifier: Apache-2.0
"""3. Session states, as the tests in the operator's place report them."""
from case import STATES, Case, Matches, Reply, batch, get, in_order, submit

ONE_OF = Matches(f"one of {STATES}", lambda value: value in STATES)


def shown(it, cites, given, state):
    return Case(it, f"3 {cites}", get("/batches/${id}/state"), Reply(200, lambda known: in_order(
        {"id": known["id"], "state": state})), given=given)


CASES = [
    Case("begins as starting, or running already", "3 starting", submit(), Reply(201, batch(state=Matches(
        "starting or running", lambda value: value in ("starting", "running"))))),
    shown("has none but the known states", "states", "a batch", ONE_OF),
    shown("is starting while it is submitted", "cluster STARTING", "a submitted batch", "starting"),
    shown("is running while its driver runs", "cluster RUNNING", "a running batch", "running"),
    shown("is success after exit 0", "cluster FINISHED", "a batch of success", "success"),
    shown("is dead when the driver failed", "cluster FAILED", "a dead batch", "dead"),
    shown("is dead when the submission failed", "cluster FAILED", "a batch whose submission failed", "dead"),
    shown("is dead when the driver's pod is gone", "pod phase", "a batch whose driver is lost", "dead"),
    shown("is killed after an explicit kill", "cluster KILLED", "a batch removed by somebody else", "killed"),
    shown("keeps its state on words that say nothing", "cluster to batch", "a batch of unknown state", "starting"),
    shown("never leaves a final state", "a final state never changes", "a success that was reported as a failure later",
          "success"),
    *(Case(f"shows the state {state} in the object and the list", "3 states", get("/batches/${id}"), Reply(200, batch(
        state=state)), given=given) for state, given in (
            ("running", "a running batch"), ("success", "a batch of success"), ("dead", "a dead batch"),
            ("killed", "a batch removed by somebody else"))),
]
