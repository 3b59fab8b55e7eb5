# SPDX-License-Identifier: Apache-2.0
"""The real Airflow in an environment of its own, and its runs against the gateway."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

from live_stack import CLONE, STATE_DIR

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = HERE / "airflow-requirements.txt"
DAGS = (*HERE.glob("airflow_dags/*.py"), *(CLONE / "deploy/airflow-example").glob("*.py"))


def venv():
    """Its Python; installing takes two minutes, so it is kept until the requirements change."""
    directory = pathlib.Path(os.environ.get("SPARKGATE_TOOLS_CACHE", STATE_DIR / "tools")) / "airflow-venv"
    stamp, python = directory / "stamp", directory / "bin/python"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(directory, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", directory], check=True)
        done = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS],
            capture_output=True, text=True, timeout=900, check=False,
        )
        assert done.returncode == 0, f"Airflow did not install:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        stamp.write_text(wanted)
    return python


class Airflow:
    def __init__(self, live, secret):
        self.python = venv()
        self.home = live.dir / "airflow"
        shutil.rmtree(self.home, ignore_errors=True)
        (self.home / "dags").mkdir(parents=True)
        for dag in DAGS:
            shutil.copy(dag, self.home / "dags")
        connection = {"conn_type": "livy", "host": "http://127.0.0.1", "port": live.livy_port}
        transport = {
            # Nobody listens there: what counts is that Airflow hands the key on to Spark.
            "type": "http", "url": "http://127.0.0.1:9", "retry": {"total": 0},
            "auth": {"type": "api_key", "apiKey": secret},
        }
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "JAVA_"))}
        self.environment = dict(
            plain, AIRFLOW_HOME=str(self.home), AIRFLOW__CORE__LOAD_EXAMPLES="False",
            AIRFLOW_CONN_LIVY_DEFAULT=json.dumps(connection), AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(transport),
            AIRFLOW__OPENLINEAGE__DISABLED_FOR_OPERATORS="airflow.providers.apache.livy.operators.livy.LivyOperator",
            LIVE_SECRET=secret, NO_PROXY="127.0.0.1", no_proxy="127.0.0.1",
        )
        self.run(self.python.with_name("airflow"), "db", "migrate")

    def run(self, *command, limit_s=300):
        done = subprocess.run(
            command, env=self.environment, cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=limit_s, check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    def ask(self, *words):
        """What airflow_run.py tells in its line of JSON, and all that Airflow printed, task logs included."""
        printed = self.run(self.python, HERE / "airflow_run.py", *words)
        told = [line for line in printed.splitlines() if line.startswith('{"')]
        assert told, printed[-6000:]
        return json.loads(told[-1]), printed

    def dag(self, dag_id):
        return self.ask("dag", self.home / "dags", dag_id)
