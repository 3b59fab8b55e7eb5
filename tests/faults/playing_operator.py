# SPDX-License-Identifier: Apache-2.0
"""Plays the Spark operator and its drivers' kubelet on the real kube-apiserver: their only word is the status of objects
and pods.

A batch's arguments say what is to become of it: [plan, seconds that the driver runs, lines that it prints]. Everything
that was ever created is remembered, for the check at the end.
"""
import asyncio
import collections
import datetime
import json
import random

import aiohttp

from waiting import LIMIT_S

UID = "sparkgate.io/batch-uid"
CONTAINER = "spark-kubernetes-driver"
LINES_INTERVAL_S = 0.02
MERGE = {"Content-Type": "application/merge-patch+json"}


def rfc3339(time_s, fraction=True):
    text = datetime.datetime.fromtimestamp(time_s, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text + "000Z" if fraction else text[:-7] + "Z"


def is_first_run(item):
    """The objects of later runs have a number behind their name: sg-7-1a2b3c4d-1."""
    return item["metadata"]["name"].count("-") == 2


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
    def __init__(self, url, path, namespace, ssl, seed):
        self.collection, self.pods, self.ssl = url + path, f"{url}/api/v1/namespaces/{namespace}/pods", ssl
        self.random = random.Random(seed)
        self.created = collections.defaultdict(list)    # batch uid -> uids of its objects, all there ever were
        self.reported = {}                              # batch uid -> the last state reported
        self.gone = set()                               # uids of objects that were deleted
        self.logs = {}                                  # pod name -> PlayedLog
        self.tasks, self.failures = set(), []

    def log_of(self, pod):
        return self.logs.get(pod)

    async def start(self):
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self.ssl, limit=0),
                                             timeout=aiohttp.ClientTimeout(total=None, sock_connect=LIMIT_S),
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
        task.add_done_callback(self.forget)

    def forget(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.failures.append(task.exception())

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
            pod = f"{item['metadata']['name']}-driver"
            if pod in self.logs:
                self.logs.pop(pod).ended.set()
            self.gone.add(item["metadata"]["uid"])
            self.spawn(self.delete_pod(pod, item["metadata"]["uid"]))

    # --- one application ------------------------------------------------------------------------------------------

    async def play(self, item):
        plan, run_s, lines = item["spec"]["arguments"]
        pod = f"{item['metadata']['name']}-driver"
        await asyncio.sleep(self.random.uniform(0, 0.3))
        if not await self.create_pod(item, pod) or not await self.report(item, "SUBMITTED", pod):
            return
        await asyncio.sleep(self.random.uniform(0, 0.3))
        self.logs[pod] = log = PlayedLog(int(lines), float(run_s))
        await self.report_pod(pod, "Running", {"running": {}})
        if not await self.report(item, "RUNNING", pod):
            return
        await asyncio.sleep(float(run_s))
        if plan in ("deleted_outside", "remade"):
            await self.delete_by_hand(item, again=plan == "remade")
            return
        log.ended.set()
        if plan == "dead" or (plan == "retried" and is_first_run(item)):
            await self.report_pod(pod, "Failed", {"terminated": {"exitCode": 3, "reason": "Error"}})
            await self.report(item, "FAILED", pod, "driver container failed with ExitCode: 3, Reason: Error")
        else:
            await self.report_pod(pod, "Succeeded", {"terminated": {"exitCode": 0, "reason": "Completed"}})
            await self.report(item, "COMPLETED", pod)

    async def create_pod(self, item, pod):
        """False: its object is gone meanwhile."""
        owner = {key: item[key] for key in ("apiVersion", "kind")}
        owner |= {key: item["metadata"][key] for key in ("name", "uid")}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod, "ownerReferences": [owner]},
                "spec": {"containers": [{"name": CONTAINER, "image": "x"}]}}
        while item["metadata"]["uid"] not in self.gone:
            async with self.session.post(self.pods, json=body) as answer:
                if answer.status == 201:
                    return True
                assert answer.status == 409, await answer.text()
            await asyncio.sleep(0.1)  # that of an object which was deleted goes just now
        return False

    async def report_pod(self, pod, phase, state):
        """The pod may have gone with its object."""
        container = {"name": CONTAINER, "image": "x", "imageID": "x", "ready": False, "restartCount": 0, "state": state}
        async with self.session.patch(f"{self.pods}/{pod}/status", headers=MERGE, data=json.dumps(
                {"status": {"phase": phase, "containerStatuses": [container]}})) as answer:
            assert answer.status in (200, 404), await answer.text()

    async def delete_pod(self, pod, owner_uid):
        """What the garbage collector does; there is none here."""
        async with self.session.get(f"{self.pods}/{pod}") as answer:
            found = await answer.json()
        if answer.status == 404 or found["metadata"]["ownerReferences"][0]["uid"] != owner_uid:
            return
        async with self.session.delete(f"{self.pods}/{pod}", json={
                "gracePeriodSeconds": 0, "preconditions": {"uid": found["metadata"]["uid"]}}) as answer:
            assert answer.status in (200, 404, 409), await answer.text()

    async def report(self, item, state, pod, message=""):
        """False: the object is not there any more, or is another one of that name."""
        name, uid = item["metadata"]["name"], item["metadata"]["uid"]
        patch = {"metadata": {"uid": uid}, "status": {
            "applicationState": {"state": state, "errorMessage": message},
            "driverInfo": {"podName": pod}, "sparkApplicationId": f"spark-{uid}",
        }}
        self.reported[item["metadata"]["labels"][UID]] = state
        async with self.session.patch(f"{self.collection}/{name}/status", data=json.dumps(patch),
                                      headers=MERGE) as answer:
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
