# SPDX-License-Identifier: Apache-2.0
"""Holds what clients were told against rows and objects: accepted = rows = objects; nothing lost, doubled or wrong."""
import collections
import dataclasses
import itertools

GIVEN_UP = "(sparkgate: the rest of the driver's log could not be read: "
RUN_AGAIN = "(sparkgate: run 1 of 2 failed: "
# plan -> how many objects there may have been
OBJECTS = {"remade": 3, "retried": 2}

# plan -> the state and reason that a batch may end with
ENDS = {
    "success": {("success", None)},
    "dead": {("dead", "exit_code")},
    "retried": {("success", None)},
    "killed": {("killed", "killed_by_user")},
    "deleted_outside": {("killed", "deleted_outside")},
    # deleted and made again by hand: the watcher saw the deletion, or only the new object
    "remade": {("killed", "deleted_outside"), ("success", None)},
}


@dataclasses.dataclass
class Verdict:
    counts: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    faults: list = dataclasses.field(default_factory=list)

    def add(self, other):
        self.counts.update(other.counts)
        self.faults += other.faults

    def find(self, what, wish, *facts):
        self.counts[what] += 1
        self.faults.append((what, wish, *facts))


def check(wishes, rows, events, objects, operator, refused, logs):
    """
    rows     of `batch`, each with its client_key
    events   batch id -> its rows of batch_event, oldest first
    objects  batch uid -> the uids of its objects that exist
    refused  uids of batches that the API server called invalid
    logs     batch id -> the whole log
    """
    verdict = Verdict()
    by_id = {row["id"]: row for row in rows}
    known = set()
    for wish in wishes:
        verdict.counts["wanted"] += 1
        if wish.refused and not wish.ids:
            verdict.counts["refused"] += 1
            continue
        verdict.counts["accepted"] += 1
        if len(wish.ids) > 1:
            verdict.find("doubled", wish, "one key, several batches")
        row = by_id.get(wish.id)
        if row is None:
            verdict.find("lost", wish, "no row")
            continue
        known.add(wish.id)
        check_row(verdict, wish, row, events.get(wish.id, []), objects.get(row["uid"], []),
                  operator.created.get(row["uid"], []), row["uid"] in refused)
        if wish.id in logs and (row["state"], row["reason"]) in ENDS[wish.plan]:
            check_log(verdict, wish, logs[wish.id])
    check_strangers(verdict, [row for row in rows if row["id"] not in known], refused)
    verdict.counts["rows"] += len(rows)
    return verdict


def check_row(verdict, wish, row, events, objects, created, was_refused):
    end = (row["state"], row["reason"])
    if row["finished_at"] is None:
        verdict.find("lost", wish, "never ended", row)
    elif end == ("error", "refused") and was_refused:
        verdict.counts["refused"] += 1
        if len(created) > row["retries"]:
            verdict.find("wrong final state", wish, "refused, and has an object", row)
    elif end not in ENDS[wish.plan]:
        verdict.find("wrong final state", wish, row, events)
    if len(set(created)) > 1 and wish.plan == "deleted_outside":
        # Created by a process that died of it, and deleted by hand before any watcher saw it: nobody can know of it.
        verdict.counts["made again, its deletion unseen"] += 1
    elif len(set(created)) > OBJECTS.get(wish.plan, 1):
        verdict.find("doubled", wish, "several objects", created)
    verdict.counts["objects"] += bool(created)
    if not created and end == ("killed", "killed_by_user"):
        verdict.counts["killed before their object"] += 1
    # each run has one, which stays as long as the batch's last
    if len(objects) != row["retries"] + (row["state"] in ("success", "dead")):
        verdict.find("wrong objects", wish, row, objects)
    if [event["kind"] for event in events].count("retry") != row["retries"]:
        verdict.find("doubled", wish, "events of another number of retries", row, events)
    states = [state for state, _ in itertools.groupby(event["state"] for event in events)]
    ends = [state for state in states if state in ("success", "dead", "killed", "error")]
    if len(ends) > 1 or (ends and ends != states[-1:]):
        verdict.find("final state changed", wish, states)
    if row["finished_at"] is not None and wish.states and wish.states[-1] != row["state"]:
        verdict.find("final state changed", wish, "clients were told", wish.states)


def check_log(verdict, wish, lines):
    verdict.counts["log lines"] += len(lines)
    again = [number for number, line in enumerate(lines) if line.startswith(RUN_AGAIN)]
    if len(again) != (wish.plan == "retried"):
        verdict.find("wrong log", wish, "begun again", again, lines[:3], lines[-3:])
    for first, end in itertools.pairwise([-1, *again, len(lines)]):
        check_run(verdict, wish, lines[first + 1:end])


def check_run(verdict, wish, lines):
    expected = [f"line {number}" for number in range(wish.lines)]
    if lines and lines[-1].startswith(GIVEN_UP):
        verdict.counts["logs given up, and said so"] += 1
        if lines[:-1] != expected[:len(lines) - 1]:
            verdict.find("wrong log", wish, lines)
    elif lines != expected and not (wish.lines == 0 and wish.plan == "dead" and len(lines) == 1):  # says why it died
        verdict.find("wrong log", wish, len(lines), lines[:3], lines[-3:])


def check_strangers(verdict, rows, refused):
    """Rows whose clients were answered 4xx, and no others."""
    for row in rows:
        if (row["state"], row["reason"]) != ("error", "refused") or row["uid"] not in refused:
            verdict.find("doubled", None, "a row that nobody was told of", row)
