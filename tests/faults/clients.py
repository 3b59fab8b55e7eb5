# SPDX-License-Identifier: Apache-2.0
"""Clients as Airflow is one: they submit until they are heard, poll until the end, and write down what they were told."""
import asyncio
import collections
import contextlib
import dataclasses
import random

import aiohttp

FINAL = ("success", "dead", "killed", "error")
PATIENCE_S = 15

# plan -> how many of a hundred batches
# ("retried": its first run fails, and the second does not)
PLANS = {"success": 50, "dead": 13, "retried": 10, "killed": 13, "deleted_outside": 9, "remade": 5}


@dataclasses.dataclass
class Wish:
    """One batch that somebody wants, and all that they heard of it."""
    key: str
    plan: str
    run_s: float
    lines: int
    ids: set = dataclasses.field(default_factory=set)
    refused: bool = False       # the submission was answered 4xx
    states: list = dataclasses.field(default_factory=list)
    deleted: bool = False

    @property
    def id(self):
        return next(iter(self.ids), None)

    def body(self):
        retry = {"spark.sparkgate.retry.max": "1", "spark.sparkgate.retry.interval": "0"}
        return {"file": "local:///opt/spark/examples/src/main/python/pi.py",
                "args": [self.plan, str(self.run_s), str(self.lines)], "conf": retry if self.plan == "retried" else {}}


class Clients:
    def __init__(self, url, seed):
        self.url, self.random = url, random.Random(seed)
        self.answers = collections.Counter()

    async def start(self):
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S),
                                             connector=aiohttp.TCPConnector(limit=0))

    async def stop(self):
        await self.session.close()

    def wish(self, key, plan=None):
        plan = plan or self.random.choices(list(PLANS), list(PLANS.values()))[0]
        # A kill finds its driver running: nobody can say otherwise which of the two ends came first.
        run_s = 600 if plan == "killed" else round(self.random.uniform(0.1, 1.5), 2)
        return Wish(key, plan, run_s, self.random.choice((0, 1, 40, 40, 400, 2500)))

    async def call(self, method, path, good, **more):
        """Repeats what was not answered, or with 5xx, or a 429; what is answered is good, or a 4xx."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self.session.request(method, self.url + path, **more) as answer:
                    self.answers[answer.status] += 1
                    if answer.status in good or (400 <= answer.status < 500 and answer.status != 429):
                        return answer.status, await answer.json()
            await asyncio.sleep(self.random.uniform(0.05, 0.3))

    async def submit(self, wish):
        status, answer = await self.call("POST", "/batches", (201,), json=wish.body(),
                                         headers={"Idempotency-Key": wish.key})
        if status == 201:
            wish.ids.add(answer["id"])
        else:
            assert answer["msg"].startswith("injected: Invalid"), answer
            wish.refused = True

    async def live(self, wish, end):
        """From the submission to the final state, or until `end` is set."""
        at_once = 3 if self.random.random() < 0.1 else 1
        await asyncio.gather(*(self.submit(wish) for _ in range(at_once)))
        if wish.id is None:
            return
        if wish.plan == "killed":
            await asyncio.sleep(self.random.uniform(0, 2))
            status, _ = await self.call("DELETE", f"/batches/{wish.id}", (200,))
            wish.deleted = status == 200
        while not end.is_set():
            status, answer = await self.call("GET", f"/batches/{wish.id}/state", (200,))
            state = answer["state"] if status == 200 else status
            if wish.states[-1:] != [state]:
                wish.states.append(state)
            if state in FINAL:
                return
            await asyncio.sleep(self.random.uniform(0.2, 0.8))

    async def whole_log(self, wish):
        lines = []
        while True:
            _, page = await self.call("GET", f"/batches/{wish.id}/log?from={len(lines)}&size=1000", (200,))
            if not page["log"]:
                assert page["total"] == len(lines), page
                return lines
            lines += page["log"]
