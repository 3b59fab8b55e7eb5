# SPDX-License-Identifier: Apache-2.0
"""Stands between the gateway and PostgreSQL's socket and cuts connections around a statement, its COMMIT included.

The gateway's statements commit by themselves, so "a connection cut during COMMIT" is one that ends after the statement
was sent and before its result was read.
"""
import asyncio
import collections
import contextlib
import pathlib
import random

READY = b"Z\x00\x00\x00\x05"  # ReadyForQuery: only what follows the first one is a statement


class FailingDatabase:
    """Give the gateway "host=DIRECTORY"; rate is the part of the statements that are cut."""

    def __init__(self, directory, upstream, seed):
        self.path, self.upstream = pathlib.Path(directory) / ".s.PGSQL.5432", upstream
        self.random = random.Random(seed)
        self.rate = 0.0
        self.injected = collections.Counter()

    async def start(self):
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self.server = await asyncio.start_unix_server(self.serve, self.path)

    async def stop(self):
        self.server.close()
        self.path.unlink(missing_ok=True)

    async def serve(self, client, to_client):
        try:
            server, to_server = await asyncio.open_unix_connection(self.upstream)
        except OSError:
            to_client.close()
            return
        connection = Connection(self, client, to_client, server, to_server)
        await connection.run()


class Connection:
    def __init__(self, proxy, client, to_client, server, to_server):
        self.proxy = proxy
        self.client, self.to_client, self.server, self.to_server = client, to_client, server, to_server
        self.greeted = False
        self.cut_at_answer = False

    async def run(self):
        pumps = [asyncio.create_task(self.pump_requests()), asyncio.create_task(self.pump_answers())]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        for writer in (self.to_client, self.to_server):
            with contextlib.suppress(OSError):
                writer.close()

    def draw(self):
        if not self.greeted or self.proxy.random.random() >= self.proxy.rate:
            return None
        fault = self.proxy.random.choice(("before", "during", "after"))
        self.proxy.injected[f"cut {fault}"] += 1
        return fault

    async def pump_requests(self):
        while data := await self.client.read(1 << 20):
            fault = self.draw()
            if fault == "before":
                return
            self.cut_at_answer = fault == "after"
            self.to_server.write(data)
            await self.to_server.drain()
            if fault == "during":
                return

    async def pump_answers(self):
        while data := await self.server.read(1 << 20):
            if self.cut_at_answer:
                return
            self.greeted = self.greeted or READY in data
            self.to_client.write(data)
            await self.to_client.drain()
