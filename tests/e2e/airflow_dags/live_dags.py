# SPDX-License-Identifier: Apache-2.0
"""DAGs that the end-to-end tests run through Airflow's own machinery; see test_live_airflow.py."""
import os
from datetime import timedelta

import pendulum
from airflow.providers.apache.livy.operators.livy import LivyOperator
from airflow.sdk import DAG

PROGRAMS = "local:///opt/sparkgate"
SMALL = {"spark.kubernetes.driver.request.cores": "50m"}
SECRET = {"spark.openlineage.transport.auth.apiKey": os.environ.get("LIVE_SECRET", "")}


def dag(dag_id, program, **operator):
    with DAG(dag_id, schedule=None, start_date=pendulum.datetime(2026, 1, 1), params={"cores": "1"}):
        LivyOperator(
            task_id="spark", file=f"{PROGRAMS}/{program}", driver_memory="512m", driver_cores="{{ params.cores }}",
            executor_cores="{{ params.cores }}", num_executors="{{ params.cores }}",
            **{"polling_interval": 1, "conf": SMALL, **operator},
        )


# OpenLineage itself puts its key into conf.
dag("live_good", "exit.py", args=[0], openlineage_inject_transport_info=True, openlineage_inject_parent_job_info=True)
dag("live_bad", "exit.py", args=["3"], name="live-bad-{{ ts_nodash }}", conf={**SMALL, **SECRET})
dag("live_deferred", "lines.py", args=[7], deferrable=True)
dag("live_deferred_bad", "exit.py", args=[3], deferrable=True)
dag("live_timeout", "wait.py", execution_timeout=timedelta(seconds=20))
