# SPDX-License-Identifier: Apache-2.0
"""Load on a server by wrk and pgbench, closed loops of so many clients, and whose CPU it costs."""
import json
import math
import pathlib
import resource
import shutil
import subprocess
import time

from figures import percentile, tree_cpu_s

CLONE = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = CLONE / "tests/bench/requests.lua"

# As a client's that knows what it wants: its object has some 1.5 KB.
REQUEST = {"file": "s3a://jobs/etl/daily_orders.py", "args": ["--day", "2026-11-01", "--parts", "64"],
           "pyFiles": ["s3a://jobs/lib/common.zip"], "driverMemory": "2g", "driverCores": 1, "executorMemory": "4g",
           "executorCores": 2, "numExecutors": 8,
           "conf": {"spark.sql.shuffle.partitions": "400", "spark.sql.adaptive.enabled": "true",
                    "spark.kubernetes.driver.label.team": "orders", "spark.executorEnv.STAGE": "production",
                    "spark.hadoop.fs.s3a.endpoint": "http://s3.example:9000"}}


def missing():
    """Which programs are not here, by their Debian packages."""
    return ([] if shutil.which("wrk") else ["wrk"]) + ([] if pgbench() else ["postgresql"])


def pgbench():
    """Of the newest PostgreSQL here, not Debian's wrapper of it."""
    programs = pathlib.Path("/usr/lib/postgresql").glob("*/bin/pgbench")
    return max(programs, key=lambda path: int(path.parts[-3]), default=None)


class Usage:
    """CPU of processes and all that they start, and of the load generator, which has ended by then."""

    def __init__(self, pids):
        """pids: of each part's processes, by its name."""
        self.pids = pids
        self.before = self._now()

    def _now(self):
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {"load": children.ru_utime + children.ru_stime,
                **{part: sum(map(tree_cpu_s, pids)) for part, pids in self.pids.items()}}

    def since_s(self):
        return {part: now - self.before[part] for part, now in self._now().items()}


def _run(words, limit_s, **more):
    done = subprocess.run(list(map(str, words)), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=limit_s, check=False, **more)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


class Wrk:
    """One kind of request; `{id}` in the path and `{name}` in the body as requests.lua says."""

    def __init__(self, url, path, method="GET", ids=1, body=None, headers=None):
        """body: a file"""
        self.url, self.path, self.method, self.ids = url, path, method, ids
        self.body, self.headers = body, headers or {}
        self.runs = 0

    def run(self, clients, seconds, pause_ms=0):
        words = [self.method, self.path, self.ids, pause_ms]
        if self.body is not None:
            self.runs += 1
            words += [self.body, f"r{clients}-{self.runs}-", *(word for pair in self.headers.items() for word in pair)]
        out = _run(["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "60s", "-s", SCRIPT, self.url, "--",
                    *words], seconds + 120)
        figures = json.loads(out.splitlines()[-1])
        return figures if figures["answers"] else {**figures, "p50_ms": math.inf, "p99_ms": math.inf}


class Pgbench:
    """One statement, prepared; each word of it that begins with ":" is a value."""

    MOST_CLIENTS = 64   # PostgreSQL as the quickstart starts it has no place for 256

    def __init__(self, postgres, directory, statement, values):
        self.postgres, self.directory = postgres, directory
        self.values = [f"--define={name}={value}" for name, value in values.items()]
        directory.mkdir(parents=True, exist_ok=True)
        self.script = directory / "statement.sql"
        self.script.write_text(statement + ";\n")

    def run(self, clients, seconds):
        for old in self.directory.glob("times.*"):
            old.unlink()
        began = time.monotonic()
        _run([pgbench(), "--no-vacuum", "--protocol=prepared", f"--client={min(clients, self.MOST_CLIENTS)}",
              "--jobs=1", f"--time={seconds}", "--log", "--log-prefix=times", *self.values, "-f", self.script,
              self.postgres.conninfo()], seconds + 120, cwd=self.directory)
        assert time.monotonic() - began >= seconds
        times_ms = [int(line.split()[2]) / 1000 for file in self.directory.glob("times.*")
                    for line in file.read_text().splitlines()]
        return {"answers": len(times_ms), "seconds": seconds, "p50_ms": percentile(times_ms, 0.5),
                "p99_ms": percentile(times_ms, 0.99), "refused": 0, "broken": 0}
