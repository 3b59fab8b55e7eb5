# SPDX-License-Identifier: Apache-2.0
"""What tests/bench/gateway measures of the front: polls that it answers by itself, and more clients than can be served."""
import concurrent.futures
import contextlib
import http.client
import itertools
import statistics
import threading
import time
import urllib.parse

from figures import percentile
from load import Wrk

POLLED = 200            # batches: as many as polls are of
BEST_OF = (16, 64)      # clients, of which one brings the most answers
TIMES_MORE = 10
MANY = 1600             # clients at least, in overload: more than may wait (nginx/queue.conf), or none is refused
ASKING = 0.5            # of the clients, in overload
PROBES = 4
GOAL_GOODPUT = 0.90     # of the peak


def with_polls(bench, kept):
    bench.stack.nginx.stop()
    bench.stack.polls = "yes" if kept else "no"
    bench.stack.start_nginx()


def polls(bench):
    """The same ids in the same turns for both, some polls of one at once, as those of a dashboard or of waiting tasks."""
    path = "/batches/{id}/state"
    loads = {"GET state, polled": bench.gateway(path, ids=POLLED),
             "bare SELECT": Wrk(bench.bare_url("select"), path, ids=POLLED)}
    with_polls(bench, True)
    try:
        for clients in bench.options.clients:
            bench.in_turns("polls", loads, {"GET state, polled": "bare SELECT"}, clients)
    finally:
        with_polls(bench, False)


class Probes:
    """Some clients among the many, who note each answer: wrk cannot tell how late a refusal is, or what it says."""

    def __init__(self, load):
        self.load = load
        self.address = urllib.parse.urlsplit(load.url).netloc
        self.served_ms, self.refused_ms, self.wrong = [], [], []
        self.stopping = threading.Event()
        self.pool = concurrent.futures.ThreadPoolExecutor(PROBES)

    def ask(self, number):
        body = self.load.body and self.load.body.read_text()
        for turn in itertools.count():
            if self.stopping.is_set():
                return
            began = time.monotonic()
            with contextlib.closing(http.client.HTTPConnection(self.address, timeout=60)) as one:
                try:
                    one.request(self.load.method, self.load.path.replace("{id}", "1"),
                                body and body.replace("{name}", f"p{id(self)}-{number}-{turn}"), self.load.headers)
                    answer = one.getresponse()
                    answer.read()
                except (OSError, http.client.HTTPException) as why:
                    self.wrong.append(repr(why))
                    continue
            spent_ms = 1000 * (time.monotonic() - began)
            if answer.status in (200, 201):
                self.served_ms.append(spent_ms)
            elif answer.status == 503 and answer.headers["Retry-After"]:
                self.refused_ms.append(spent_ms)
            else:
                self.wrong.append(answer.status)

    def __enter__(self):
        self.asking = [self.pool.submit(self.ask, number) for number in range(PROBES)]
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for one in self.asking:
            one.result()
        self.pool.shutdown()


HEAD = f"""{'':<10} {'clients':>7} {'goodput/s':>9} {'of peak':>7} {'':>6} {'offered':>8} {'refused':>7} {'p99, ms: served':>15} \
{'refused':>8} {'wrong':>6} {'lost':>5}"""


def measured(bench, load, clients, after, count, pause_ms=0):
    """count: of what successful answers leave; None where they leave nothing."""
    before = count() if count else 0
    with Probes(load) as probes:
        figures = bench.run_once(load, clients, pause_ms=pause_ms)
    served = figures["answers"] - figures["refused"] + len(probes.served_ms)
    left = count() - before if count else served
    after()
    # what wrk's clients have not waited for at the end may be there, too
    unasked = max(0, left - served - clients)
    return {"clients": clients, "rate": figures["rate"], "offered": figures["answers"] / figures["seconds"],
            "wrong": figures["broken"] + len(probes.wrong), "lost": max(0, served - left) + unasked,
            "served_p99_ms": percentile(probes.served_ms or [0], 0.99),
            "refused_p99_ms": percentile(probes.refused_ms or [0], 0.99), "seen": probes.wrong[:5], "cpu_us": figures["cpu_us"]}


def tell(name, runs, peak):
    row = {key: statistics.median(run[key] for run in runs) for key in runs[0] if key.endswith(("rate", "offered", "_ms"))}
    share = row["rate"] / peak
    verdict = "" if name == "peak" else "met" if share >= GOAL_GOODPUT else "MISSED"
    print(f"{name:<10} {runs[0]['clients']:>7} {row['rate']:>9.0f} {share:>7.2f} {verdict:>6} {row['offered'] / peak:>7.1f}x "
          f"{1 - row['rate'] / row['offered']:>7.0%} {row['served_p99_ms']:>15.1f} {row['refused_p99_ms']:>8.1f} "
          f"{sum(run['wrong'] for run in runs):>6} {sum(run['lost'] for run in runs):>5}", flush=True)


def overloaded(bench, what, load, after=lambda: None, count=None):
    """The most answers a second; then those for ten times the clients, who pause so that they ask for ten times as much, as
    far as this machine makes requests so fast. None of them waits as long as a refusal tells it to."""
    print(f"\n{what}\n{HEAD}", flush=True)
    runs = {clients: [measured(bench, load, clients, after, count) for _ in range(bench.options.runs)]
            for clients in BEST_OF}
    rates = {clients: statistics.median(run["rate"] for run in of) for clients, of in runs.items()}
    best = max(rates, key=rates.get)
    peak, many = rates[best], max(TIMES_MORE * best, MANY)
    # a part of them wait for an answer, and do not ask meanwhile
    pause_ms = round(1000 * many / (TIMES_MORE * peak) * ASKING)
    runs[many] = [measured(bench, load, many, after, count, pause_ms) for _ in range(bench.options.runs)]
    tell("peak", runs[best], peak)
    tell("overload", runs[many], peak)
    bench.rows.append({"part": "overload", "what": what, "best": best, "peak": peak, "pause_ms": pause_ms, "runs": runs})
