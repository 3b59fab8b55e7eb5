# SPDX-License-Identifier: Apache-2.0
"""Plays the Spark operator and its drivers on the real kube-apiserver: their only word is the objects' status.

A batch's arguments say what is to become of it: [plan, seconds that the driver runs, lines that it prints]. Everything
that was ever created is remembered, for the check at the end.
"""
import asyncio
import collections
import datetime
import json
import random

import aiohttp

UID = "sparkgate.io/batch-uid"
LINES_INTERVAL_S = 0.02


def rfc3339(time_s, fraction=True):
    text = datetime.datetime.fromtimestamp(time_s, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text + "000Z" if fraction else text[:-7] + "Z"


class PlayedLog:
    """What the kubelet would give: lines with their times, as far as the driver has come."""

    def __init__(self, count, run_s):
        self.count, self.begun_s = count, datetime.datetime.now(datetime.UTC).timestamp()
        self.interval_s = run_s / (count + 1)
        self.ended = asyncio.Event()

    def lines(self):
        now_s = datetime.datetime.now(datetime.UTC).timestamp()
        return self.count if self.ended.is_set() else min(self.count, int((now_s - self.begun_s) / self.interval_s))

    def time_s(self, number):
        return self.begun_s + number * self.interval_s

    def text(self, first, end):
        return "".join(f"{rfc3339(self.time_s(number))} line {number}\n" for number in range(first, end)).encode()

    async def read(self, since, follow):
        number = 0
        if since is not None:
            second = datetime.datetime.fromisoformat(since).timestamp()
            number = sum(self.time_s(line) < second for line in range(self.count))
        while True:
            ended, end = self.ended.is_set(), self.lines()
            if end > number:
                yield self.text(number, end)
                number = end
            if ended or not follow:
                return
            try:
                await asyncio.wait_for(self.ended.wait(), LINES_INTERVAL_S)
            except TimeoutError:
                continue


class PlayingOperator:
    def __init__(self, url, path, ssl, seed):
        self.url, self.collection, self.ssl = url, url + path, ssl
        self.random = random.Random(seed)
        self.created = collections.defaultdict(list)    # batch uid -> uids of its objects, all there ever were
        self.reported = {}                              # batch uid -> the last state reported
        self.logs = {}                                  # pod name -> PlayedLog
        self.tasks = set()

    def log_of(self, pod):
        return self.logs.get(pod)

    async def start(self):
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self.ssl, limit=0),
                                             timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
                                             read_bufsize=1 << 22)
        self.spawn(self.follow())

    async def stop(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.session.close()

    def spawn(self, work):
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def follow(self):
        async with self.session.get(self.collection) as answer:
            version = (await answer.json())["metadata"]["resourceVersion"]
        while True:
            query = {"watch": "true", "resourceVersion": version, "allowWatchBookmarks": "true"}
            try:
                async with self.session.get(self.collection, params=query) as answer:
                    async for line in answer.content:
                        event = json.loads(line)
                        assert event["type"] != "ERROR", event
                        version = event["object"]["metadata"]["resourceVersion"]
                        self.notice(event["type"], event["object"])
            except aiohttp.ClientError:
                await asyncio.sleep(0.2)  # the server is being started again

    def notice(self, kind, item):
        if kind == "ADDED":
            self.created[item["metadata"]["labels"][UID]].append(item["metadata"]["uid"])
            self.spawn(self.play(item))
        elif kind == "DELETED":
            pod = item.get("status", {}).get("driverInfo", {}).get("podName")
            if pod in self.logs:
                self.logs.pop(pod).ended.set()

    # --- one application ------------------------------------------------------------------------------------------

    async def play(self, item):
        plan, run_s, lines = item["spec"]["arguments"]
        pod = f"{item['metadata']['name']}-{item['metadata']['uid'][:8]}-driver"
        await asyncio.sleep(self.random.uniform(0, 0.3))
        if not await self.report(item, "SUBMITTED", pod):
            return
        await asyncio.sleep(self.random.uniform(0, 0.3))
        self.logs[pod] = log = PlayedLog(int(lines), float(run_s))
        if not await self.report(item, "RUNNING", pod):
            return
        await asyncio.sleep(float(run_s))
        if plan in ("deleted_outside", "remade"):
            await self.delete_by_hand(item, again=plan == "remade")
            return
        log.ended.set()
        if plan == "dead":
            await self.report(item, "FAILED", pod, "driver container failed with ExitCode: 3, Reason: Error")
        else:
            await self.report(item, "COMPLETED", pod)

    async def report(self, item, state, pod, message=""):
        """False: the object is not there any more, or is another one of that name."""
        name, uid = item["metadata"]["name"], item["metadata"]["uid"]
        patch = {"metadata": {"uid": uid}, "status": {
            "applicationState": {"state": state, "errorMessage": message},
            "driverInfo": {"podName": pod}, "sparkApplicationId": f"spark-{uid}",
        }}
        self.reported[item["metadata"]["labels"][UID]] = state
        async with self.session.patch(f"{self.collection}/{name}/status", data=json.dumps(patch),
                                      headers={"Content-Type": "application/merge-patch+json"}) as answer:
            assert answer.status in (200, 404, 409), await answer.text()
            return answer.status == 200

    async def delete_by_hand(self, item, again):
        name, uid = item["metadata"]["name"], item["metadata"]["uid"]
        async with self.session.delete(f"{self.collection}/{name}",
                                       json={"preconditions": {"uid": uid}}) as answer:
            deleted = answer.status == 200
        if not again or not deleted:
            return
        copy = {key: item[key] for key in ("apiVersion", "kind", "spec")}
        copy["metadata"] = {key: item["metadata"][key] for key in ("name", "labels")}
        copy["spec"]["arguments"][0] = "success"
        async with self.session.post(self.collection, json=copy) as answer:
            assert answer.status in (201, 409), await answer.text()
