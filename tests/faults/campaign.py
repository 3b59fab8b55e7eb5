# SPDX-License-Identifier: Apache-2.0
"""Rounds of batches through a gateway whose every part fails, each checked when it is over.

A round: clients submit, poll, delete; workers and watchers (built with --enable-failpoints) are killed where the
failpoints say and at any other moment; the API server and the database sit behind proxies that fail; PostgreSQL is
stopped `immediate` once. When all clients have heard the end, the history of the round is checked.
"""
import asyncio
import collections
import dataclasses
import random
import ssl
import time

import kubernetes
import yaml
from clients import Clients
from failing_api import FAULTS, FailingApi
from failing_database import FailingDatabase
from history import Verdict, check
from mortals import Mortals, failpoint_counts
from playing_operator import UID, PlayingOperator
from stack import IMPATIENT, program
from waiting import LIMIT_S

# Impatient: what a limit bounds is tried more often, and a claim that nobody fulfils is taken over soon.
CONFIG = {
    "database": IMPATIENT["database"],
    "kube": {"connect_timeout_ms": 500, "request_timeout_ms": 1500, "watch_timeout_s": 60},
    "watcher": {"dispatch_interval_ms": 100, "takeover_ms": 200, "resync_interval_s": 10},
    "log": {"level": "info"},
}
WORKERS, WATCHERS = 3, 2
AT_ONCE = 40            # clients
STRAGGLERS_S = 90       # after the last submission, with all faults; then a while without any
CALM_S = LIMIT_S


@dataclasses.dataclass
class Rates:
    """Each so that work still gets done: a watcher that begins anew looks at every object, with a statement each."""
    # clients poll: most of what a worker does is answering
    failpoints: str = "answer.*=0.02,store.sent=0.002,*=0.15"
    api: float = 0.25
    database: float = 0.002
    kills_a_second: float = 4.0
    api_faults: dict = dataclasses.field(default_factory=lambda: FAULTS)
    postgres_stops: bool = True     # immediately, once a round
    limits: dict = dataclasses.field(default_factory=dict)  # of the cluster


class Campaign:
    def __init__(self, stack, seed, rates=None):
        self.stack, self.seed, self.rates = stack, seed, rates or Rates()
        self.random = random.Random(seed)
        self.verdict, self.rounds, self.stops, self.calms = Verdict(), 0, 0, 0
        self.random_kills, self.armed = 0, False
        self.killed_before, self.crashed_before = 0, []  # of processes that are no more started again
        self.failpoints_log = stack.run / "failpoints"

    # --- up and down ----------------------------------------------------------------------------------------------

    async def start(self):
        self.failpoints_log.unlink(missing_ok=True)
        kube = self.stack.kubernetes
        administrator = ssl.create_default_context(cafile=kube.session.verify)
        administrator.load_cert_chain(*kube.session.cert)
        gateway = ssl.create_default_context(cafile=kube.session.verify)
        token = yaml.safe_load(kube.token_kubeconfig.read_text())["users"][0]["user"]["token"]
        self.operator = PlayingOperator(kube.url, kube.path(), kubernetes.NAMESPACE, administrator, self.seed)
        self.api = FailingApi(kube.url, gateway, token, self.operator, self.seed)
        self.database = FailingDatabase(self.stack.run / "failing", self.stack.postgres.socket_dir / ".s.PGSQL.5432",
                                        self.seed)
        self.clients = Clients(f"http://127.0.0.1:{self.stack.livy.port}", self.seed)
        for part in (self.operator, self.api, self.database, self.clients):
            await part.start()
        await asyncio.to_thread(self.stack.stop_workers)
        await asyncio.to_thread(self.stack.watcher.stop)
        await self.start_mortals(self.rates.failpoints)
        self.killer = asyncio.create_task(self.kill_at_random())
        self.arm()

    def config(self):
        kubeconfig = self.stack.dir / "failing.kubeconfig"
        kubeconfig.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "failing",
            "clusters": [{"name": "failing", "cluster": {"server": f"http://127.0.0.1:{self.api.port}"}}],
            "users": [{"name": "failing", "user": {}}],
            "contexts": [{"name": "failing", "context": {"cluster": "failing", "user": "failing"}}],
        }))
        conninfo = f"host={self.database.path.parent} dbname=sparkgate user=sparkgate"
        return self.stack.write_config(
            dict(CONFIG, database={**CONFIG["database"], "conninfo": conninfo},
                 clusters={"default": {"kubeconfig": str(kubeconfig), **self.rates.limits}}),
            "failing.yaml")

    async def start_mortals(self, failpoints):
        environment = self.stack.environment(SPARKGATE_FAILPOINTS=failpoints,
                                             SPARKGATE_FAILPOINTS_LOG=str(self.failpoints_log))
        config = self.config()
        self.workers = Mortals([program("sparkgate-worker"), "-c", config], WORKERS, environment,
                               self.stack.log / "mortal-workers.log", self.stack.socket)
        self.watchers = Mortals([program("sparkgate-watcher"), "-c", config], WATCHERS, environment,
                                self.stack.log / "mortal-watchers.log")
        await self.workers.start()
        await self.watchers.start()

    async def stop_mortals(self):
        for mortals in (self.workers, self.watchers):
            await mortals.stop()
            self.killed_before += mortals.killed
            self.crashed_before += mortals.crashed
            mortals.killed, mortals.crashed = 0, []

    async def stop(self):
        self.killer.cancel()
        await self.stop_mortals()
        for part in (self.clients, self.api, self.database, self.operator):
            await part.stop()

    def arm(self):
        self.armed = True
        self.api.faults = self.rates.api_faults
        self.api.rate, self.database.rate = self.rates.api, self.rates.database

    async def disarm(self):
        """The same gateway on a good day: what is owed still must be done."""
        self.make_peace()
        await self.stop_mortals()
        await self.start_mortals("")

    def make_peace(self):
        self.armed = False
        self.api.rate = self.database.rate = 0

    async def kill_at_random(self):
        while self.rates.kills_a_second > 0:
            await asyncio.sleep(self.random.expovariate(self.rates.kills_a_second))
            if self.armed:
                self.random_kills += self.random.choice((self.workers, self.watchers)).kill_one()

    async def stop_postgres_immediately(self):
        await asyncio.sleep(self.random.uniform(1, 4))
        await asyncio.to_thread(self.stack.postgres.stop_immediately)
        await asyncio.to_thread(self.stack.postgres.start)
        self.stops += 1

    # --- a round --------------------------------------------------------------------------------------------------

    async def round(self, plans):
        """One batch for each plan (clients.PLANS; None: any)."""
        self.rounds += 1
        wishes = [self.clients.wish(f"{self.seed}-{self.rounds}-{number}", plan) for number, plan in enumerate(plans)]
        room, end = asyncio.Semaphore(AT_ONCE), asyncio.Event()

        async def live(wish):
            async with room:
                await self.clients.live(wish, end)

        lives = [asyncio.create_task(live(wish)) for wish in wishes]
        if self.rates.postgres_stops:
            lives.append(asyncio.create_task(self.stop_postgres_immediately()))
        await asyncio.wait(lives, timeout=len(plans) + STRAGGLERS_S)
        if not await self.is_over(lives, 5):
            self.calms += 1
            await self.disarm()
            await self.is_over(lives, CALM_S)
            end.set()
            await self.stop_mortals()
            await self.start_mortals(self.rates.failpoints)
        await asyncio.gather(*lives)
        # What is looked at now is not to be disturbed, and the clients' own reading is no part of the history.
        self.make_peace()
        self.verdict.add(await self.judge(wishes))

    async def next_round(self):
        """Takes away what the last one left."""
        await asyncio.to_thread(self.stack.empty)
        self.arm()

    async def is_over(self, lives, limit_s):
        """All clients have heard the end, and the rows of refused batches have theirs."""
        deadline = time.monotonic() + limit_s
        unfinished = "SELECT 1 FROM batch WHERE finished_at IS NULL LIMIT 1"
        while time.monotonic() < deadline:
            if all(life.done() for life in lives) and not await self.rows(unfinished):
                return True
            await asyncio.sleep(0.1)
        return False

    async def rows(self, sql):
        return await asyncio.to_thread(self.stack.postgres.rows, sql)

    async def judge(self, wishes):
        assert not self.operator.failures, self.operator.failures
        rows = await self.rows("SELECT id, uid::text, state::text, reason::text, message, finished_at, retries FROM batch")
        events = collections.defaultdict(list)
        for event in await self.rows("SELECT batch_id, kind::text, state::text FROM batch_event ORDER BY id"):
            events[event["batch_id"]].append(event)
        objects = await self.objects_at_rest(rows)
        logs = {wish.id: await self.clients.whole_log(wish) for wish in wishes
                if wish.id is not None and wish.plan in ("success", "dead", "retried")}
        return check(wishes, rows, events, objects, self.operator, self.api.refused, logs)

    async def objects_at_rest(self, rows):
        """Those that are to go have a while for it: a late push's object is deleted when the watcher sees it."""
        stay = {row["uid"] for row in rows if row["state"] in ("success", "dead")
                or (row["state"] == "error" and row["retries"] > 0)}
        deadline = time.monotonic() + LIMIT_S
        while True:
            objects = collections.defaultdict(list)
            for item in await asyncio.to_thread(self.stack.kubernetes.applications):
                objects[item["metadata"]["labels"][UID]].append(item["metadata"]["uid"])
            if objects.keys() <= stay or time.monotonic() > deadline:
                return objects
            await asyncio.sleep(0.2)

    # --- what was done --------------------------------------------------------------------------------------------

    @property
    def kills(self):
        return self.killed_before + self.workers.killed + self.watchers.killed

    @property
    def crashes(self):
        return self.crashed_before + self.workers.crashed + self.watchers.crashed

    def report(self):
        places = failpoint_counts(self.failpoints_log)
        verdict = self.verdict.counts
        lines = [
            f"{self.rounds} rounds, {self.calms} of which ended only after the faults did",
            f"kills: {self.kills}, of which {self.random_kills} at any moment and {sum(places.values())} at failpoints",
            *(f"    {count:6} {place}" for place, count in sorted(places.items())),
            f"API faults: {sum(self.api.injected.values())}",
            *(f"    {count:6} {fault}" for fault, count in sorted(self.api.injected.items())),
            f"database faults: {sum(self.database.injected.values())}, and {self.stops} immediate stops",
            *(f"    {count:6} {fault}" for fault, count in sorted(self.database.injected.items())),
            "what clients were answered: " + ", ".join(
                f"{count} times {status}" for status, count in sorted(self.clients.answers.items())),
            f"wanted {verdict['wanted']} = accepted {verdict['accepted']} + refused at once "
            f"{verdict['wanted'] - verdict['accepted']}; rows {verdict['rows']}; objects {verdict['objects']} "
            f"+ refused {verdict['refused']} + killed before there was one {verdict['killed before their object']}; log lines {verdict['log lines']} "
            f"(deleted by hand before anybody saw it, and made again: {verdict['made again, its deletion unseen']}; "
            f"logs given up, and said so: {verdict['logs given up, and said so']})",
            f"lost {verdict['lost']}, doubled {verdict['doubled']}, wrong final state {verdict['wrong final state']}, "
            f"final state changed {verdict['final state changed']}, wrong objects {verdict['wrong objects']}, "
            f"wrong log {verdict['wrong log']}, crashed {len(self.crashes)}",
        ]
        return "\n".join(lines)
