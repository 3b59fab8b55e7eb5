# SPDX-License-Identifier: Apache-2.0
"""The whole gateway below one directory: PostgreSQL, the Kubernetes API, workers, watcher, nginx; each real.

SPARKGATE_BUILD       where the programs are: a build directory or an installed prefix
SPARKGATE_TEST_DIR    where everything is kept (default: tests/ in the state directory)
SPARKGATE_TEST_SLOT   ports, as in deploy/ (default: 1)

python tests/lib/stack.py down DIR     ends whatever a test run has left behind
python tests/lib/stack.py api-up DIR   starts the Kubernetes API alone, and prints its administrator's kubeconfig
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import kubernetes
from kubernetes import CLONE, STATE_DIR, Kubernetes
from livy import Livy
from polls import remove_polls
from postgres import Postgres
from process import Process, children, start_ticks
from waiting import LIMIT_S, wait_for

WORKERS = 2

# No limit is reached only because the machine stands still for a while.
CONFIG = {
    "database": {"connect_timeout_ms": 60_000, "statement_timeout_ms": 120_000},
    "kube": {"connect_timeout_ms": 60_000, "request_timeout_ms": 60_000},
    "watcher": {"dispatch_interval_ms": 200},
    "log": {"level": "debug", "format": "logfmt"},
}
# Short limits, for tests in which somebody is silent until a limit is reached; what they bound is the same.
IMPATIENT = {
    "database": {"connect_timeout_ms": 1000, "statement_timeout_ms": 2000},
    "kube": {"connect_timeout_ms": 500, "request_timeout_ms": 2500},
}
NGINX_LIMITS = re.compile(r"((?:fastcgi_(?:connect|send|read)|client_(?:header|body))_timeout) \d+s;")
CLUSTER = {
    "namespace": kubernetes.NAMESPACE,
    "service_account": "spark",
    "image": "docker.io/library/sparkgate-spark:4.3.0",
    "spark_version": "4.3.0",
    "operator": "kubeflow",
    "default_conf": {"spark.executor.memory": "512m", "spark.test.default": "default"},
    "enforced_conf": {"spark.test.enforced": "enforced"},
}


def program(name):
    build = pathlib.Path(os.environ.get("SPARKGATE_BUILD", STATE_DIR / "check"))
    for directory in (build, build / "sbin", build / "bin"):
        if (directory / name).is_file():
            return directory / name
    raise FileNotFoundError(f"{name} is not in {build}: build it, or name another place by SPARKGATE_BUILD")


def merged(base, changes):
    """Nested dictionaries laid over each other; None takes a key away."""
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict) and not key.endswith("_conf"):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


class Stack:
    own_definition = False  # of SparkApplications, though the Kubeflow operator's is here

    def __init__(self, directory=None, slot=None):
        self.dir = pathlib.Path(directory or os.environ.get("SPARKGATE_TEST_DIR", STATE_DIR / "tests")).absolute()
        self.slot = int(os.environ.get("SPARKGATE_TEST_SLOT", "1") if slot is None else slot)
        self.run, self.log = self.dir / "run", self.dir / "log"
        self.postgres = Postgres(self.dir)
        self.no_kubernetes = kubernetes.missing()
        self.kubernetes = None if self.no_kubernetes else Kubernetes(self.dir, self.slot, self.own_definition)
        self.socket = self.run / "worker.sock"
        self.config_file = self.dir / "sparkgate.yaml"
        self.livy = Livy(18998 + self.slot)
        self.everything = Livy(18080 + self.slot)
        self.spark_port = 19888 + self.slot
        self.workers = self.watcher = self.nginx = None
        self.polls = "yes"  # answered by nginx, where they may be
        self.authentication = None  # how nginx finds out who a client is; None: as it stands

    # --- up and down -----------------------------------------------------------------------------------------

    def up(self):
        end_leftovers(self.dir)
        shutil.rmtree(self.log, ignore_errors=True)
        for directory in (self.run, self.log):
            directory.mkdir(parents=True, exist_ok=True)
        (self.dir / ".sparkgate-state").touch()
        self.postgres.start()
        self.postgres.create_database("sparkgate")
        if self.kubernetes is not None:
            self.kubernetes.up()
            self.kubernetes.delete_applications()
        self.write_config()
        self.ctl("migrate")
        self.start_workers()
        self.start_watcher()
        self.start_nginx()

    def down(self):
        for part in (self.nginx, self.watcher, self.workers):
            if part is not None:
                part.stop()
        remove_polls(self.dir / "nginx")
        if self.kubernetes is not None:
            self.kubernetes.down()
        self.postgres.stop()

    # --- configuration ---------------------------------------------------------------------------------------

    def config(self, changes=None):
        cluster = dict(CLUSTER, kubeconfig=str(self.kubeconfig()))
        whole = merged(CONFIG, {
            "database": {"conninfo": self.postgres.conninfo()},
            "metrics": {"shared_file": str(self.run / "metrics")},
            "clusters": {"default": cluster},
        })
        return merged(whole, changes or {})

    def write_config(self, changes=None, name=None):
        """As JSON, which is YAML."""
        file = self.config_file if name is None else self.dir / name
        file.write_text(json.dumps(self.config(changes), indent=2))
        return file

    def reconfigure(self, changes=None):
        """All parts begin anew with these changes of the ordinary configuration."""
        self.write_config(changes)
        for part in (self.nginx, self.watcher):
            part.stop()
        self.restart_workers()
        self.start_watcher()
        self.start_nginx()

    def kubeconfig(self):
        """Of a server that is not there, where there is none: then every push is put off."""
        if self.kubernetes is not None:
            return self.kubernetes.kubeconfig
        file = self.dir / "nowhere.kubeconfig"
        file.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "nowhere",
            "clusters": [{"name": "nowhere", "cluster": {"server": "https://127.0.0.1:9"}}],
            "users": [{"name": "nobody", "user": {"token": "none"}}],
            "contexts": [{"name": "nowhere", "context": {"cluster": "nowhere", "user": "nobody"}}],
        }))
        return file

    def environment(self, **more):
        """For our programs; a sanitizer's report goes to a file of its own, which fails the test."""
        log = f"log_path={self.log / 'sanitizer'}"
        return dict(os.environ, ASAN_OPTIONS=f"{log}:abort_on_error=0", UBSAN_OPTIONS=f"{log}:print_stacktrace=1",
                    LSAN_OPTIONS=log, **more)

    def sanitizer_reports(self):
        return {file.name: file.read_text(errors="replace") for file in self.log.glob("sanitizer.*")}

    # --- the programs ----------------------------------------------------------------------------------------

    def ctl(self, *words, config=None, check=True):
        done = subprocess.run(
            [program("sparkgate-ctl"), "-c", config or self.config_file, *words],
            env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S, check=False,
        )
        assert done.returncode == 0 or not check, f"sparkgate-ctl {words}: {done.stdout}{done.stderr}"
        return done

    def start_workers(self, count=WORKERS, config=None, **environment):
        self.socket.unlink(missing_ok=True)
        self.workers = Process(self.dir, "workers", [
            "/usr/bin/spawn-fcgi", "-s", self.socket, "-M", "0600", "-n", "--",
            "/usr/bin/multiwatch", f"--forks={count}", "--retry=1000", "--signal=TERM", "--",
            program("sparkgate-worker"), "-c", config or self.config_file,
        ], self.environment(**environment)).start()
        self.workers.wait_ready(lambda: self.socket.exists() and len(self.worker_pids()) == count)

    def restart_workers(self, count=WORKERS, config=None, **environment):
        self.stop_workers()
        self.start_workers(count, config, **environment)

    def stop_workers(self):
        pids = self.worker_pids()
        self.workers.stop()
        wait_for("the workers' end", lambda: not any(start_ticks(pid) for pid in pids))

    def worker_pids(self):
        supervisor = self.workers.pid
        return [pid for pid in children(supervisor) if start_ticks(pid)] if supervisor else []

    def start_watcher(self, name="watcher", config=None, **environment):
        watcher = Process(
            self.dir, name, [program("sparkgate-watcher"), "-c", config or self.config_file], self.environment(**environment)
        ).start()
        if name == "watcher":
            self.watcher = watcher
        return watcher

    def start_nginx(self, config=None):
        out = self.dir / "nginx"
        (out / "nginx.pid").unlink(missing_ok=True)
        subprocess.run([
            "sh", CLONE / "nginx/render", "--out", out, "--socket", self.socket, "--run", out, "--log", self.log,
            "--livy-port", str(self.livy.port), "--all-port", str(self.everything.port),
            "--spark-port", str(self.spark_port), "--polls", self.polls, "--config", config or self.config_file, "--ctl", program("sparkgate-ctl"),
            *(("--authentication", self.authentication) if self.authentication else ()),
        ], check=True)
        for file in out.glob("*.conf"):
            file.write_text(NGINX_LIMITS.sub(rf"\1 {2 * LIMIT_S}s;", file.read_text()))
        # Started by root its workers would be another user, who cannot reach this directory.
        options = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
        command = [shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"),
                   "-p", out, "-c", out / "sparkgate.conf", "-g", options]
        self.nginx = Process(self.dir, "nginx", command).start()
        # Its own pid file comes after its ports: another nginx that has them would be ready, too.
        self.nginx.wait_ready(lambda: (out / "nginx.pid").exists() and self.ready())

    def ready(self):
        with contextlib.suppress(OSError):
            return self.everything.get("/readyz").status == 200
        return False

    # --- between tests ---------------------------------------------------------------------------------------

    def repair(self):
        """Everything runs again, whatever a test did to it."""
        if self.postgres.pid is None:
            self.postgres.start()
        if self.workers.pid is None:
            self.start_workers()
        if self.watcher.pid is None:
            self.start_watcher()
        if self.nginx.pid is None:
            self.start_nginx()
        wait_for("all workers to be there", lambda: len(self.worker_pids()) == WORKERS)
        wait_for("the gateway to be ready again", self.ready)

    def empty(self):
        """No batch and no object; ids go on."""
        self.postgres.execute("TRUNCATE batch, batch_event, batch_log, k8s_submission CASCADE")
        if self.kubernetes is not None:
            self.kubernetes.delete_applications()

    def wait_leased(self):
        """Until the watcher follows the cluster: this one, or its child when it has several, and not one before it."""
        wait_for("the watcher to have listed the cluster", lambda: self.postgres.rows(
            "SELECT 1 FROM cluster_watch WHERE synced_at >= leased_at AND watcher LIKE ANY (%s)",
            ([f"%/{pid}" for pid in (self.watcher.pid, *children(self.watcher.pid))],)))

    # --- what is known of a batch ----------------------------------------------------------------------------

    def row(self, batch_id):
        return self.postgres.row("SELECT * FROM batch WHERE id = %s", (batch_id,))

    def events(self, batch_id):
        return self.postgres.rows("SELECT * FROM batch_event WHERE batch_id = %s ORDER BY id", (batch_id,))

    def age(self, age, ids):
        """Batches that ended as long ago as "25 hours"; what has ended cannot be changed otherwise."""
        self.postgres.execute("SET session_replication_role = replica; "
                              "UPDATE batch SET finished_at = now() - %s::interval WHERE id = ANY (%s)", (age, ids))

    def wait_state(self, batch_id, state):
        wait_for(f"batch {batch_id} to be {state}", lambda: self.row(batch_id)["state"] == state)
        return self.row(batch_id)

    def write_log(self, batch_id, lines):
        """Ends a batch with this log. No driver runs here, so the lines are written as the watcher writes them."""
        self.postgres.execute("DELETE FROM batch_log WHERE batch_id = %s", (batch_id,))
        for first in range(0, len(lines), 1000):
            self.postgres.execute("INSERT INTO batch_log VALUES (%s, %s, %s)",
                                  (batch_id, first, lines[first:first + 1000]))
        self.postgres.execute(
            "UPDATE batch SET state = 'success', finished_at = coalesce(finished_at, now()), log_lines_count = %s, "
            "log_tail = %s WHERE id = %s", (len(lines), json.dumps(lines[-10:]), batch_id))

    def log_texts(self):
        """Name and content of every log of the gateway's own parts."""
        return {file.name: file.read_text(errors="replace") for file in sorted(self.log.glob("*.log"))}


def end_leftovers(directory):
    """Ends, by pid file, what an interrupted run of the tests left behind."""
    directory = pathlib.Path(directory)
    for file in (directory / "run").glob("*.pid"):
        if file.stem != "postgres":
            # not at once by kill -9: nginx and multiwatch take their children with them
            Process(directory, file.stem, []).stop()
    if (directory / "cluster/run").exists():
        # Its objects, too: a test that was interrupted has left policies and quotas. It knows its slot.
        environment = {name: value for name, value in os.environ.items() if name != "SPARKGATE_SLOT"}
        subprocess.run([CLONE / "deploy/local-cluster/cluster", "destroy", "--dir", directory], env=environment,
                       check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    remove_polls(directory / "nginx")
    if (directory / "run/postgres.pid").exists():
        Postgres(directory).stop()


def api_up(directory):
    end_leftovers(directory)
    api = Kubernetes(directory, int(os.environ.get("SPARKGATE_TEST_SLOT", "1")))
    api.up()
    # A new server on a new etcd remembers everything; one test asks for what a server has forgotten.
    api.kill9()
    api.start()
    print(api.dir / "cluster/run/admin.kubeconfig")


if __name__ == "__main__":
    commands = {"down": end_leftovers, "api-up": api_up}
    if len(sys.argv) != 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](sys.argv[2])
