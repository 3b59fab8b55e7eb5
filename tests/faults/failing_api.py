# SPDX-License-Identifier: Apache-2.0
"""Stands between the gateway and the real kube-apiserver and does what a real one does only on a bad day.

Every request goes to the real server unless a fault says otherwise; nothing but the faults (and the kubelet's part, the
logs of drivers that only the playing operator knows) is made up here. What was done is counted in `injected`.
"""
import asyncio
import collections
import json
import random
import socket
import struct

import aiohttp
import yarl
from aiohttp import web

from waiting import LIMIT_S

# What may happen to each kind of call. "before": the server never saw it; "after": it did it, and nobody heard.
REFUSALS = {
    "409": (409, "AlreadyExists"), "410": (410, "Expired"), "422": (422, "Invalid"),
    "429": (429, "TooManyRequests"), "500": (500, "InternalError"), "503": (503, "ServiceUnavailable"),
}
BROKEN = ("reset_before", "reset_after", "half_body", "silence_before", "silence_after")
FAULTS = {
    "create": ("409", "422", "429", "500", "503", *BROKEN),
    "delete": ("409", "429", "500", "503", *BROKEN),
    "get": ("429", "500", "503", *BROKEN),
    "list": ("410", "429", "500", "503", *BROKEN),
    "watch": ("410", "429", "500", "503", "reset_before", "silence_before"),
    "log": ("429", "500", "503", "reset_before", "silence_before", "cut", "short"),
    "event": ("cut", "gone", "stall", "duplicate", "late", "stale"),  # of a watch that was opened
}
SILENCE_S = 20  # longer than any patience of the gateway's; it hangs up before
LATE_S = 0.5
# A watcher that begins anew asks these for everything: as often as the others, it would never be done.
RARER = {"list": 0.3, "get": 0.3}
# Rather rare: each costs a whole wait for nothing, in which little else can be tried.
WEIGHTS = {"silence_before": 0.15, "silence_after": 0.15, "stall": 0.1}


def kind_of(request):
    if request.path.endswith("/log"):
        return "log"
    if "watch" in request.query:
        return "watch"
    if request.method == "GET":
        return "list" if request.path.endswith("/sparkapplications") else "get"
    return {"POST": "create", "DELETE": "delete"}.get(request.method, "other")


def status_text(code, reason, message=None, details=None):
    return json.dumps({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code,
                       "reason": reason, "message": message or f"injected: {reason}", "details": details or {}})


class FailingApi:
    """Listens on `port`; rate is the part of the calls and watch events that fail, faults how they may."""

    def __init__(self, upstream, ssl, token, logs, seed):
        self.upstream, self.ssl, self.token, self.logs = upstream, ssl, token, logs
        self.random = random.Random(seed)
        self.rate = 0.0
        self.faults = FAULTS
        self.injected = collections.Counter()
        self.refused = set()        # uids of batches whose create was answered 422
        self.forwarded = set()      # uids of batches whose create the server may have seen
        self.port = None

    async def start(self):
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self.ssl, limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=LIMIT_S), auto_decompress=False)
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self.answer)
        self.runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.port = self.runner.addresses[0][1]

    async def stop(self):
        await self.runner.cleanup()
        await self.session.close()

    # --- drawing --------------------------------------------------------------------------------------------------

    def draw(self, kind):
        faults = self.faults.get(kind)
        if faults is None or self.random.random() >= self.rate * RARER.get(kind, 1):
            return None
        return self.random.choices(faults, [WEIGHTS.get(fault, 1) for fault in faults])[0]

    def count(self, kind, fault):
        self.injected[f"{kind} {fault}"] += 1

    # --- one call -------------------------------------------------------------------------------------------------

    async def answer(self, request):
        try:
            return await self.answer_or_fail(request)
        except (aiohttp.ClientError, ConnectionResetError):
            return self.reset(request)  # one of the two sides is gone: killed, as it happens here

    async def answer_or_fail(self, request):
        body = await request.read()
        kind = kind_of(request)
        fault = self.draw(kind)
        uid = json.loads(body)["metadata"]["labels"]["sparkgate.io/batch-uid"] if kind == "create" else None
        if fault == "422" and uid in self.forwarded:
            fault = None  # what was accepted once is not invalid the next time
        if fault is not None:
            self.count(kind, fault)
        if fault in REFUSALS:
            if fault == "422":
                self.refused.add(uid)
            headers = {"Retry-After": "1"} if fault == "429" else {}
            return web.Response(status=REFUSALS[fault][0], text=status_text(*REFUSALS[fault]),
                                content_type="application/json", headers=headers)
        if fault == "silence_before":
            return await self.keep_silent(request)
        if fault == "reset_before":
            return self.reset(request)
        if uid is not None:
            self.forwarded.add(uid)
        if kind == "log":
            return await self.play_log(request, fault)
        if kind == "watch":
            return await self.forward_watch(request)
        return await self.forward(request, body, fault)

    def ask(self, request, body=None):
        headers = {name: request.headers[name] for name in ("Accept", "Content-Type") if name in request.headers}
        headers |= {"Authorization": f"Bearer {self.token}", "Accept-Encoding": "identity"}
        return self.session.request(request.method, yarl.URL(self.upstream + request.raw_path, encoded=True),
                                    data=body, headers=headers)

    async def forward(self, request, body, fault):
        async with self.ask(request, body) as answer:
            text = await answer.read()
        if fault == "reset_after":
            return self.reset(request)
        if fault == "silence_after":
            return await self.keep_silent(request)
        if fault == "half_body":
            return await self.send_half(request, answer.status, text)
        return web.Response(status=answer.status, body=text, content_type="application/json")

    async def keep_silent(self, request):
        for _ in range(SILENCE_S * 10):
            if request.transport is None or request.transport.is_closing():
                break
            await asyncio.sleep(0.1)
        return self.reset(request)

    @staticmethod
    def reset(request):
        """An RST, and nothing else: neither an end nor an answer."""
        if request.transport is not None:
            connection = request.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.transport.abort()
        return web.Response()

    async def send_half(self, request, status, text):
        answer = web.StreamResponse(status=status, headers={"Content-Type": "application/json"})
        answer.content_length = len(text)
        await answer.prepare(request)
        await answer.write(text[:len(text) // 2])
        return self.hang_up(request, answer)

    @staticmethod
    def hang_up(request, answer):
        if request.transport is not None:
            request.transport.close()
        return answer

    # --- watches --------------------------------------------------------------------------------------------------

    async def forward_watch(self, request):
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        async with self.ask(request) as upstream:
            answer.set_status(upstream.status)
            await answer.prepare(request)
            cut = await self.pass_events(request, upstream, answer)
        return self.hang_up(request, answer) if cut else answer

    async def pass_events(self, request, upstream, answer):
        """True: the connection is to end as if cut."""
        sent = []
        async for line in upstream.content:
            fault = self.draw("event")
            if fault is not None:
                self.count("event", fault)
            if fault == "stall":
                await self.keep_silent(request)
            if fault == "late":
                await asyncio.sleep(LATE_S)
            if fault == "cut":
                await answer.write(line[:len(line) // 2])
                return True
            if fault == "gone":
                await answer.write(b'{"type":"ERROR","object":' + status_text(*REFUSALS["410"]).encode() + b"}\n")
                return False
            await answer.write(line)
            if fault == "duplicate":
                await answer.write(line)
            if fault == "stale" and sent:
                await answer.write(self.random.choice(sent))
            sent = [*sent[-50:], line]
        return False

    # --- the kubelet's part ---------------------------------------------------------------------------------------

    async def play_log(self, request, fault):
        pod = request.path.split("/")[-2]
        log = self.logs.log_of(pod)
        if log is None:
            text = status_text(404, "NotFound", f'pods "{pod}" not found', {"name": pod, "kind": "pods"})
            return web.Response(status=404, text=text, content_type="application/json")
        answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await answer.prepare(request)
        left = self.random.randrange(1, 2000) if fault in ("cut", "short") else None
        async for text in log.read(request.query.get("sinceTime"), request.query.get("follow") == "true"):
            if left is not None and len(text) >= left:
                await answer.write(text[:left])
                return self.hang_up(request, answer) if fault == "cut" else answer
            left = None if left is None else left - len(text)
            await answer.write(text)
        return answer
