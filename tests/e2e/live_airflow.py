# SPDX-License-Identifier: Apache-2.0
"""A real Airflow in an environment of its own: API server, scheduler with its workers, triggerer.

It is driven as a person in its web page drives it: through its public API.
"""
import contextlib
import hashlib
import json
import os
import pathlib
import re
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import urllib.parse

from live_batch import KnownBatch, call
from live_spark import LiveSpark
from live_stack import CLONE, NAMESPACE, STATE_DIR, LiveStack
from process import Process, parent
from waiting import LIMIT_S, wait_for

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = HERE / "airflow-requirements.txt"
ALONE = HERE / "airflow-requirements-alone.txt"
DAGS = (*HERE.glob("airflow_dags/*.py"), *(CLONE / "deploy/airflow-example").glob("*.py"))
# Who is silent for so long is taken for dead: no test waits for it (see age), and nobody is who only had to wait.
SILENCE_S = 1800
SECRET = "kX9-openlineage-secret-7fQ2"
END_STATES = ("success", "failed", "upstream_failed", "skipped", "removed")
SUBMITTED = re.compile(r"Generated batch-id is (\d+)")
SUBMITTED_SPARK = re.compile(r"Spark driver submitted: (driver-\d+-\d+)")
SUBMITTED_K8S = re.compile(r"Identified spark driver pod: (\S+)")


def venv():
    """Its Python; installing takes two minutes, so it is kept until the requirements change."""
    directory = pathlib.Path(os.environ.get("SPARKGATE_TOOLS_CACHE", STATE_DIR / "tools")) / "airflow-venv"
    stamp, python = directory / "stamp", directory / "bin/python"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + ALONE.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(directory, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", directory], check=True)
        for words in (["-r", REQUIREMENTS], ["--no-deps", "-r", ALONE]):
            done = subprocess.run(
                [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *words],
                capture_output=True, text=True, timeout=900, check=False,
            )
            assert done.returncode == 0, f"Airflow did not install:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        stamp.write_text(wanted)
    return python


class Airflow:
    def __init__(self, live):
        self.live = live
        self.python = venv()
        self.home = live.dir / "airflow"
        self.kubeconfig = self.home / "gateway.kubeconfig"
        self.port = 18180 + live.slot
        self.environment = self.settings(live)
        self.processes = [
            Process(live.dir, f"airflow-{words[0]}", [self.python.with_name("airflow"), *words], self.environment)
            for words in (
                ("api-server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"),
                # Logs are read where they are written, on this machine.
                ("scheduler", "--skip-serve-logs"),
                ("triggerer", "--skip-serve-logs"),
            )
        ]
        self.api_server, self.scheduler, self.triggerer = self.processes
        self.token = None

    def settings(self, live):
        connection = {"conn_type": "livy", "host": "http://127.0.0.1", "port": live.livy_port}
        # as the README says
        spark = {"conn_type": "spark", "host": "spark://127.0.0.1", "port": live.spark_port,
                 "extra": {"deploy-mode": "cluster", "rest-port": live.spark_port}}
        k8s = {"conn_type": "spark", "host": "k8s://http://127.0.0.1", "port": live.spark_port,
               "extra": {"deploy-mode": "cluster", "namespace": NAMESPACE}}
        spark_4 = LiveSpark(live, "4.3.0")
        transport = {
            # Nobody listens there: what counts is that Airflow hands the key on to Spark.
            "type": "http", "url": "http://127.0.0.1:9", "retry": {"total": 0},
            "auth": {"type": "api_key", "apiKey": SECRET},
        }
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "JAVA_"))}
        return dict(
            plain, AIRFLOW_HOME=str(self.home), LIVE_SECRET=SECRET, NO_PROXY="127.0.0.1", no_proxy="127.0.0.1",
            AIRFLOW_CONN_LIVY_DEFAULT=json.dumps(connection), AIRFLOW_CONN_SPARK_DEFAULT=json.dumps(spark),
            AIRFLOW_CONN_SPARK_K8S=json.dumps(k8s), LIVE_SPARK_IMAGE=spark_4.image,
            PATH=f"{plain['PATH']}:{spark_4.home}/bin", SPARK_HOME=str(spark_4.home),
            LIVE_KUBECONFIG=str(live.dir / "cluster/run/admin.kubeconfig"),
            AIRFLOW__API_AUTH__JWT_SECRET=secrets.token_hex(64),
            AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION="False",
            AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f"http://127.0.0.1:{self.port}/execution/",
            AIRFLOW__CORE__EXECUTOR="LocalExecutor",
            AIRFLOW__CORE__LOAD_EXAMPLES="False",
            AIRFLOW__CORE__PARALLELISM="6",
            AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS="True",
            AIRFLOW__CORE__TEST_CONNECTION="Enabled",
            # Where SparkSubmitOperator deletes a driver's pod: at the gateway, so that it needs no right in the cluster.
            AIRFLOW__KUBERNETES_EXECUTOR__IN_CLUSTER="False",
            AIRFLOW__KUBERNETES_EXECUTOR__CONFIG_FILE=str(self.kubeconfig),
            AIRFLOW__OPENLINEAGE__DISABLED_FOR_OPERATORS=";".join((
                "airflow.providers.apache.livy.operators.livy.LivyOperator",
                "airflow.providers.apache.spark.operators.spark_submit.SparkSubmitOperator")),
            AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(transport),
            AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL="5",
            AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD=str(SILENCE_S),
            AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT=str(SILENCE_S),
            AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL="1",
            AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS=str(SILENCE_S),
            AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL="1",
        )

    # --- up and down ------------------------------------------------------------------------------------------

    def up(self):
        self.down()  # what a run that was killed has left
        shutil.rmtree(self.home, ignore_errors=True)
        (self.home / "dags").mkdir(parents=True)
        for dag in DAGS:
            shutil.copy(dag, self.home / "dags")
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "gateway",
            "clusters": [{"name": "gateway", "cluster": {"server": f"http://127.0.0.1:{self.live.spark_port}"}}],
            "contexts": [{"name": "gateway", "context": {"cluster": "gateway", "user": ""}}],
        }))
        self.run("db", "migrate")
        self.run("dags", "reserialize")
        with socket.socket() as probe:  # or the tests would talk to it, and wait for their tasks for ever
            assert probe.connect_ex(("127.0.0.1", self.port)) != 0, f"port {self.port} is taken, by another run's Airflow?"
        for process in self.processes:
            process.start()
        self.api_server.wait_ready(self.answers)

    def run(self, *words):
        done = subprocess.run(
            [self.python.with_name("airflow"), *words], env=self.environment, cwd=self.home,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:]

    def answers(self):
        try:
            status, answer = call(f"{self.url}/auth/token")
        except OSError:
            return False
        self.token = answer["access_token"] if status == 201 else None
        return status == 201

    def down(self):
        for process in reversed(self.processes):
            process.kill9_with_descendants()

    def fail(self):
        """Scheduler and workers die as when their machine fails, and have been silent for long when it comes back."""
        self.scheduler.kill9_with_descendants()
        self.age("job", "latest_heartbeat", "job_type = 'SchedulerJob' AND state = 'running'")

    def age(self, table, column, which, *values):
        """Time passes for what has died: how many such rows there are. Airflow itself is made to wait for nobody else."""
        with contextlib.closing(sqlite3.connect(self.home / "airflow.db", timeout=LIMIT_S)) as database, database:
            return database.execute(
                f"UPDATE {table} SET {column} = datetime('now', '-1 day') WHERE {which}", values).rowcount

    # --- its public API ---------------------------------------------------------------------------------------

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def api(self, path, method="GET", body=None, may_be_missing=False):
        """Its answer; None for what is not there, if that may be."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.url}/api/v2{path}"

        def asked():
            """Its database is one file, for which its parts sometimes wait too long: a person would read it again."""
            status, answer = call(url, method, body, limit_s=LIMIT_S, headers=headers)
            return (method != "GET" or status < 500) and (status, answer)

        status, answer = wait_for(f"an answer to {method} {path}", asked, interval_s=0.5)
        if status == 404 and may_be_missing:
            return None
        assert 200 <= status < 300, (method, path, status, answer)
        return answer

    def start(self, dag_id, **params):
        """A run of the DAG; gives its one task."""
        run = self.api(f"/dags/{dag_id}/dagRuns", "POST", {"logical_date": None, "conf": params})
        return AirflowTask(self, dag_id, run["dag_run_id"])


class AirflowTask:
    """The one task of one run of a DAG."""

    def __init__(self, airflow, dag_id, run_id):
        self.airflow = airflow
        self.dag_id, self.run_id = dag_id, run_id
        self.run_path = f"/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id)}"
        (task,) = airflow.api(f"{self.run_path}/taskInstances")["task_instances"]
        self.path = f"{self.run_path}/taskInstances/{task['task_id']}"
        self.task_id = task["task_id"]

    def show(self):
        return self.airflow.api(self.path)

    def wait(self, *wanted, limit_s=LIMIT_S, tries=None):
        """Until it is in one of these states (and in this try); another final state fails at once, with its log."""
        seen = {}

        def arrived():
            seen.update(self.show())
            return (seen["state"] in wanted and tries in (None, seen["try_number"])) or seen["state"] in END_STATES

        try:
            wait_for(f"{self.dag_id} to be {wanted}", arrived, limit_s, interval_s=0.25)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{seen}\n{self.log_text()[-4000:]}") from None
        assert seen["state"] in wanted and tries in (None, seen["try_number"]), f"{seen}\n{self.log_text()[-4000:]}"
        return self

    # --- what a person does in the web page -------------------------------------------------------------------

    def mark_failed(self):
        """Its worker learns that from the answer to its next heartbeat, and ends the task by SIGTERM."""
        self.airflow.api(self.path, "PATCH", {"new_state": "failed"})

    def clear(self):
        self.airflow.api(f"/dags/{self.dag_id}/clearTaskInstances", "POST", {
            "dry_run": False, "dag_run_id": self.run_id, "task_ids": [self.task_id], "only_failed": False,
        })

    # --- what it tells and keeps -------------------------------------------------------------------------------

    def entries(self, tries=None):
        """The task's log as the web page shows it: of the newest try, or of an earlier one."""
        tries = tries or self.show()["try_number"]
        answer = tries and self.airflow.api(f"{self.path}/logs/{tries}?full_content=true", may_be_missing=True)
        return answer["content"] if answer else []

    def log(self, tries=None):
        """Its messages, without time, level and where they come from."""
        return [entry["event"] for entry in self.entries(tries)]

    def log_text(self, tries=None):
        return "\n".join(map(json.dumps, self.entries(tries)))

    def xcom(self, key="return_value"):
        return self.airflow.api(f"{self.path}/xcomEntries/{key}?deserialize=true")["value"]

    @property
    def stored(self):
        """Where Airflow keeps the id of the batch to which a later try goes back."""
        return f"{self.path}/state-store/livy_batch_id"

    # --- its batch and its processes --------------------------------------------------------------------------

    def batch(self, tries=None):
        """That this try of a LivyOperator submitted, once it has."""
        return KnownBatch(self.airflow.live, int(self.named(SUBMITTED, tries)))

    def submission(self, tries=None):
        """Spark's id of what this try of a SparkSubmitOperator submitted, once it has."""
        return self.named(SUBMITTED_SPARK, tries)

    def driver_pod(self, tries=None):
        """Of what this try of a SparkSubmitOperator submitted to a master k8s://, once it is known."""
        return self.named(SUBMITTED_K8S, tries)

    def named(self, pattern, tries):
        """However often."""
        def names():
            return {found.group(1) for event in self.log(tries) if (found := pattern.fullmatch(event))}

        (name,) = wait_for(f"{self.dag_id} to name what it submitted", names, interval_s=0.25)
        return name

    def kill9_worker(self, before_it_is_noticed=lambda: None):
        """The task's process, and the one that watches it and sends its heartbeat; until Airflow has noticed."""
        pid = self.show()["pid"]
        for one in (parent(pid), pid):
            assert LiveStack.kill9(one)
        before_it_is_noticed()
        # Again and again: a heartbeat may have been on its way.
        wait_for("Airflow to notice", lambda: not self.airflow.age(
            "task_instance", "last_heartbeat_at", "state = 'running' AND dag_id = ? AND run_id = ? AND pid = ?",
            self.dag_id, self.run_id, pid), interval_s=0.5)
