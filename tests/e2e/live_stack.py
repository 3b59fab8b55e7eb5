# SPDX-License-Identifier: Apache-2.0
"""The whole gateway on a real one-node Kubernetes with its own operator, started by deploy/quickstart; or with the real
Kubeflow operator.

The same path that a newcomer takes, in a state directory and a slot of its own, so that a quickstart that is in use
is not disturbed.
"""
import contextlib
import csv
import json
import os
import pathlib
import shutil
import signal
import subprocess

from kubeflow import missing as kubeflow_missing
from process import Process, children, start_ticks
from waiting import LIMIT_S, wait_for

CLONE = pathlib.Path(__file__).resolve().parents[2]
STATE_DIR = pathlib.Path(os.environ.get("SPARKGATE_STATE_DIR", CLONE / ".sparkgate"))
NAMESPACE = "spark"
BUILD_S = 1500
QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


class NotHere(Exception):
    """What these tests need is not on this machine; the text says what, and how to get it."""


OPERATORS = ("sparkgate", "kubeflow")  # the default, and the other


def cluster_cache():
    return pathlib.Path(os.environ.get("SPARKGATE_CLUSTER_CACHE", STATE_DIR / "cluster"))


class LiveStack:
    def __init__(self):
        self.dir = pathlib.Path(os.environ.get("SPARKGATE_E2E_DIR", STATE_DIR / "e2e")).absolute()
        self.slot = int(os.environ.get("SPARKGATE_E2E_SLOT", "2"))
        self.environment = dict(os.environ, SPARKGATE_SLOT=str(self.slot))
        self.environment["SPARKGATE_CLUSTER_CACHE"] = str(cluster_cache())
        self.environment.setdefault("SPARKGATE_OPERATOR", OPERATORS[0])
        self.environment.setdefault("SPARKGATE_TOOLS_CACHE", str(STATE_DIR / "tools"))
        # The Kubeflow operator starts a Java program a submission; this halves what each costs, and changes nothing else.
        self.environment.setdefault("JAVA_TOOL_OPTIONS", QUICK_JAVA)
        self.cache = cluster_cache()
        self.livy_port = 8998 if self.slot == 0 else 18998 + self.slot
        self.all_port = 8080 if self.slot == 0 else 18080 + self.slot
        self.spark_port = 9888 if self.slot == 0 else 19888 + self.slot
        self.livy_url = f"http://127.0.0.1:{self.livy_port}"
        self.all_url = f"http://127.0.0.1:{self.all_port}"

    # --- up and down ------------------------------------------------------------------------------------------

    def check_here(self):
        if os.geteuid() != 0:
            raise NotHere("a node of Kubernetes needs root: run the tests as root or with sudo")
        if missing := self.operator == "kubeflow" and kubeflow_missing():
            raise NotHere(missing)

    def up(self):
        """Twice is harmless: what runs already stays, what has ended is started."""
        # The state directory around it is ours as well; without the mark a later quickstart would refuse it.
        STATE_DIR.mkdir(parents=True, exist_ok=True)
        (STATE_DIR / ".sparkgate-state").touch()
        self.run(["deploy/quickstart", "up", "--yes", "--no-demo", "--dir", str(self.dir)], limit_s=BUILD_S)

    @property
    def operator(self):
        """Whose operator runs the batches: sparkgate or kubeflow."""
        return self.environment["SPARKGATE_OPERATOR"]

    @contextlib.contextmanager
    def use_operator(self, kind):
        """Another operator for a while."""
        before = self.operator
        if kind == before:
            yield
            return
        try:
            self.environment["SPARKGATE_OPERATOR"] = kind
            self.up()
            yield
        finally:
            self.environment["SPARKGATE_OPERATOR"] = before
            self.up()

    def destroy(self):
        self.run(["deploy/quickstart", "destroy", "--yes", "--dir", str(self.dir)], limit_s=LIMIT_S)

    def save_logs(self):
        """Where a failure can be looked into after everything else is gone."""
        saved = self.dir.with_name(self.dir.name + "-log")
        shutil.rmtree(saved, ignore_errors=True)
        with contextlib.suppress(OSError):  # what has just been rotated away, or never began
            shutil.copytree(self.dir / "log", saved)

    def run(self, command, limit_s=LIMIT_S):
        log = self.dir.with_name(self.dir.name + "-command.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "w", encoding="utf-8") as out:
            done = subprocess.run(
                command, cwd=CLONE, env=self.environment, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, timeout=limit_s, check=False,
            )
        assert done.returncode == 0, f"{' '.join(command)}: status {done.returncode}\n{log.read_text()[-4000:]}"

    def cluster(self, *words):
        self.run(["deploy/local-cluster/cluster", *words, "--dir", str(self.dir)])

    # --- the processes ----------------------------------------------------------------------------------------

    def pid(self, name):
        """Of a part that deploy/ started; None when it has ended."""
        for run_dir in (self.dir / "run", self.dir / "cluster/run"):
            file = run_dir / f"{name}.pid"
            with contextlib.suppress(FileNotFoundError, ValueError):  # it may be being written just now
                pid, ticks = (int(line) for line in file.read_text().split()[:2])
                return pid if start_ticks(pid) == ticks else None
        return None

    def worker_pids(self):
        return [pid for pid in children(self.pid("workers")) if start_ticks(pid)]

    def restart_workers(self):
        """With the environment as it is now."""
        for pid in (self.pid("workers"), *self.worker_pids()):
            self.kill9(pid)
        self.up()

    @contextlib.contextmanager
    def supervised(self, name, count, command):
        """A part that somebody starts again, as systemd or a Deployment would; gives its supervisor."""
        self.kill9(self.pid(name))
        multiwatch = Process(self.dir, f"{name}s", [
            shutil.which("multiwatch"), f"--forks={count}", "--retry=1000", "--signal=TERM", "--", *command,
            "-c", str(self.dir / "sparkgate.yaml"),
        ])
        multiwatch.stop()  # of a run that was killed
        multiwatch.start()
        try:
            yield multiwatch
        finally:
            multiwatch.stop()
            self.up()

    def supervised_watchers(self, count=2):
        return self.supervised("watcher", count, [self.program("sparkgate-watcher")])

    def supervised_operators(self, count=2):
        """Of the gateway's own; one of them works, the others wait."""
        kubeconfig = self.dir / "cluster/run/operator.kubeconfig"
        return self.supervised("operator", count, [
            shutil.which("env"), f"SPARKGATE_CLUSTERS_DEFAULT_KUBECONFIG={kubeconfig}",
            self.program("sparkgate-operator")])

    @contextlib.contextmanager
    def operator_away(self):
        """kill -9 of whichever runs the batches."""
        self.kill9(self.pid("operator"))
        try:
            yield
        finally:
            self.up()

    def program(self, name):
        (found,) = (self.dir / "prefix").glob(f"*bin/{name}")
        return str(found)

    @staticmethod
    def kill9(pid):
        """True when it was there to be killed."""
        if pid is None or start_ticks(pid) is None:
            return False
        with contextlib.suppress(ProcessLookupError):  # somebody else was quicker
            os.kill(pid, signal.SIGKILL)
        wait_for(f"the end of process {pid}", lambda: start_ticks(pid) is None)
        return True

    def kill9_with_children(self, *names):
        """Parts that deploy/ started, and whom they started; nobody is left to notice the end of somebody else."""
        parts = [self.pid(name) for name in names]
        theirs = [pid for part in parts for pid in children(part)]
        assert all(self.kill9(pid) for pid in parts)
        for pid in theirs:
            self.kill9(pid)

    # --- what the database and Kubernetes say -----------------------------------------------------------------

    @property
    def conninfo(self):
        return f"host={self.dir}/pg/socket dbname=sparkgate user=sparkgate"

    def rows(self, sql):
        """Rows as dictionaries of text; null is the empty string, as psql has it."""
        done = subprocess.run(
            ["psql", "-XqA", "--csv", "-v", "ON_ERROR_STOP=1", self.conninfo, "-c", sql],
            capture_output=True, text=True, timeout=LIMIT_S, check=False,
        )
        assert done.returncode == 0, done.stderr
        return list(csv.DictReader(done.stdout.splitlines(keepends=True)))

    def row(self, sql):
        rows = self.rows(sql)
        assert len(rows) == 1, f"{len(rows)} rows: {sql}"
        return rows[0]

    def kubectl_command(self, *words):
        return [
            str(self.cache / "bin/kubectl"), "--kubeconfig", str(self.dir / "cluster/run/admin.kubeconfig"),
            "--namespace", NAMESPACE, *words,
        ]

    def kubectl(self, *words, text=None, check=True):
        """text: what it reads by "-f -"."""
        done = subprocess.run(
            self.kubectl_command(*words), input=text or "", capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def node_address(self):
        """At which pods reach this machine."""
        return self.kubectl("get", "nodes", "-o",
                            'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}')

    def objects(self, kind, name):
        """The objects of that name: one or none."""
        text = self.kubectl("get", kind, "--field-selector", f"metadata.name={name}", "-o", "json")
        return json.loads(text)["items"]

    def log_texts(self):
        """Name and content of every file in which the gateway's own parts write what they do."""
        names = ("workers", "watcher", "operator", "nginx", "nginx-access", "nginx-error", "postgres", "migrate", "config")
        return [(file.name, file.read_text(errors="replace"))
                for name in names for file in sorted((self.dir / "log").glob(f"{name}*.log"))]
