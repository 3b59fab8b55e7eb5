# SPDX-License-Identifier: Apache-2.0
"""50 batches while worker, watcher, operator and API server are killed with -9 again and again."""
import collections
import concurrent.futures
import contextlib
import http.client
import os
import random
import threading
import time

from live_batch import FINAL_STATES, PROGRAMS, SMALL, call
from live_watch import LiveWatch, application_state, pod_phase
from process import children
from waiting import wait_for

BATCHES = int(os.environ.get("SPARKGATE_E2E_BATCHES", "50"))
AT_ONCE = 5  # two cores: each driver is a Java program, and the Kubeflow operator starts another to submit it
EVERY_TENTH_EXITS_3 = 10
LIMIT_S = 3000  # five minutes where nothing else runs
# Kubernetes' own parts come back to a new API server after a backoff that grows with every outage, up to a minute:
# killed more often, the kubelet would hardly run anything, and nothing would be learned about the gateway.
# the 50 batches take a minute with the one, and several with the other
APISERVER_EVERY_S = {"sparkgate": (10, 25), "kubeflow": (60, 100)}
OTHERS_EVERY_S = (0.5, 4)


class Client:
    """Submits and polls like a patient client: what gets no answer, or a 5xx, is asked again with the same key."""

    def __init__(self, live, deadline):
        self.live = live
        self.deadline = deadline
        self.asked_again = collections.Counter()
        self.before_submit = None

    def ask(self, path, method="GET", body=None):
        while True:
            try:
                status, answer = call(f"{self.live.livy_url}{path}", method, body)
            except (OSError, http.client.HTTPException, ValueError) as error:  # or half an answer
                status, answer = type(error).__name__, None
            if isinstance(status, int) and status < 500:
                return status, answer
            self.asked_again[f"{method} {status}"] += 1
            assert time.monotonic() < self.deadline, f"{method} {path}: {status} {answer} until the end"
            time.sleep(0.2)

    def run(self, number):
        wanted = 3 if number % EVERY_TENTH_EXITS_3 == 0 else 0
        key = f"resilience-{self.live.started}-{number}"
        body = {
            "file": f"{PROGRAMS}/exit.py", "args": [str(wanted)], "name": key,
            "conf": {**SMALL, "spark.sparkgate.client.key": key},
        }
        self.before_submit()
        status, batch = self.ask("/batches", "POST", body)
        assert status == 201, (status, batch)
        while True:
            status, answer = self.ask(f"/batches/{batch['id']}/state")
            assert status == 200, (status, answer)
            if answer["state"] in FINAL_STATES:
                return batch["id"], wanted, answer["state"]
            assert time.monotonic() < self.deadline, f"batch {batch['id']} is still {answer['state']}"
            time.sleep(0.5)


class Killer:
    """Kills with -9 at random moments until it is told to stop; whoever supervises a part starts it again."""

    def __init__(self, live, supervised, seed):
        self.live = live
        self.supervised = supervised  # name -> who starts them again
        self.programs_names = ("worker", *supervised)
        self.random = random.Random(seed)
        self.kills = collections.Counter()
        self.stopping = threading.Event()
        self.failure = None
        self.threads = [threading.Thread(target=self.guarded, args=(part,)) for part in (self.programs, self.apiserver)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def guarded(self, part):
        try:
            part()
        except Exception as failure:  # told by the test itself, which waits for the batches meanwhile
            self.failure = failure

    def programs(self):
        turns = []
        while not self.stopping.wait(self.random.uniform(*OTHERS_EVERY_S)):
            turns = turns or self.random.sample(self.programs_names, len(self.programs_names))
            name = turns.pop()
            pids = self.live.worker_pids() if name == "worker" else children(self.supervised[name].pid)
            self.kills[name] += bool(pids) and self.live.kill9(self.random.choice(pids))

    def missing(self):
        """Parts of which none has been killed yet."""
        return [name for name in (*self.programs_names, "kube-apiserver") if not self.kills[name]]

    def soon(self):
        """A POST takes some 20 ms here: every other one has all workers killed somewhere in the middle of it."""
        if self.random.random() < 0.5:
            threading.Timer(self.random.uniform(0, 0.03), self.workers).start()

    def workers(self):
        for pid in self.live.worker_pids():
            self.kills["worker"] += self.live.kill9(pid)

    def apiserver(self):
        while not self.stopping.wait(self.random.uniform(*APISERVER_EVERY_S[self.live.operator])):
            self.kills["kube-apiserver"] += self.live.kill9(self.live.pid("kube-apiserver"))
            self.live.cluster("start", "kube-apiserver")


def test_50_batches_survive_kill_9_of_worker_watcher_operator_and_api_server(live):
    seed = int(os.environ.get("SPARKGATE_E2E_SEED", time.time()))
    started = time.monotonic()
    live.started = int(time.time())
    client = Client(live, started + LIMIT_S)
    with (
        LiveWatch(live, "sparkapplications", application_state) as objects,
        LiveWatch(live, "pods", pod_phase, "spark-role=driver") as drivers,
        live.supervised_watchers() as watchers,
        contextlib.ExitStack() as more,
    ):
        supervised = {"watcher": watchers}
        if live.operator == "sparkgate":
            supervised["operator"] = more.enter_context(live.supervised_operators())
        with Killer(live, supervised, seed) as killer, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            client.before_submit = killer.soon
            ended = list(pool.map(client.run, range(BATCHES)))
            while killer.missing() and killer.failure is None:  # all have ended before somebody's turn came
                ended += pool.map(client.run, range(len(ended), len(ended) + AT_ONCE))
        ends = collections.Counter(state for _, _, state in ended)
        print(f"\nseed {seed}: {len(ended)} batches in {time.monotonic() - started:.0f} s; killed {dict(killer.kills)}; "
              f"asked again {dict(client.asked_again)}; ends {dict(ends)}")
        assert killer.failure is None, killer.failure
        rows = {int(row["id"]): row for row in live.rows(f"SELECT * FROM batch WHERE name LIKE '%-{live.started}-%'")}
        check_rows(live, rows, ended)
        check_once(live, rows, objects, drivers)


# What the Kubeflow operator says of an application that an outage has cut off from it, and what a client is told then.
CUT_OFF = {"submission_failed": "failed to submit spark application", "driver_lost": "driver pod not found"}


def check_rows(live, rows, ended):
    """Each final state is the program's; or, where Kubeflow's operator gave up in an outage, its object says just that."""
    assert len(rows) == len({batch for batch, _, _ in ended}) == len(ended) >= BATCHES
    cut_off = collections.Counter()
    for batch, wanted, seen in ended:
        row = rows[batch]
        assert row["state"] == seen, "a final state never changes"
        if live.operator == "kubeflow" and row["reason"] in CUT_OFF:
            (item,) = live.objects("sparkapplications", row["object_name"])
            state = item["status"]["applicationState"]
            assert state["state"] == "FAILED" and state["errorMessage"].startswith(CUT_OFF[row["reason"]]), state
            cut_off[row["reason"]] += 1
            continue
        assert row["state"] == ("dead" if wanted else "success"), row
        told = (row["reason"], "ExitCode: 3" in row["message"])
        assert told == (("exit_code", True) if wanted else ("", False)), row
    print(f"given up by the operator in an outage, and told so: {dict(cut_off)}")
    assert cut_off.total() <= len(ended) / 3, "too few programs were followed to their end to show anything"


def check_once(live, rows, objects, drivers):
    """Kubernetes has seen one object and one driver pod of each batch, whatever its uid; the ledger one push."""
    names = {row["object_name"]: row for row in rows.values()}
    pods = {batch: f"{row['object_name']}-driver" for batch, row in rows.items()}
    ran = {batch for batch, row in rows.items() if row["reason"] != "submission_failed"}
    wait_for("the watches to have caught up", lambda: all(objects.uids(name) for name in names) and all(
        drivers.uids(pods[batch]) for batch in ran))
    assert {name: len(objects.uids(name)) for name in names} == {name: 1 for name in names}
    seen = {batch: len(drivers.uids(pod)) for batch, pod in pods.items()}
    assert all(count == 1 or count == 0 and batch not in ran for batch, count in seen.items()), seen
    pushes = live.rows(
        "SELECT batch_id, count(*) FILTER (WHERE kind = 'accepted') AS accepted, "
        "count(*) FILTER (WHERE kind = 'pushed') AS pushed "
        f"FROM batch_event WHERE batch_id IN ({','.join(map(str, rows))}) GROUP BY 1"
    )
    assert {(row["accepted"], row["pushed"]) for row in pushes} == {("1", "1")} and len(pushes) == len(rows)
    wait_for("nothing to be owed to Kubernetes any more", lambda: not live.rows("SELECT * FROM batch_push"))
