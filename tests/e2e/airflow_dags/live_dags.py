# SPDX-License-Identifier: Apache-2.0
"""DAGs that the end-to-end tests run; see test_live_airflow.py and test_live_airflow_resume.py."""
import os
from datetime import timedelta

import pendulum
from airflow.providers.apache.livy.operators.livy import LivyOperator
from airflow.sdk import DAG

PROGRAMS = "local:///opt/sparkgate"
SMALL = {"spark.kubernetes.driver.request.cores": "50m"}
SECRET = {"spark.openlineage.transport.auth.apiKey": os.environ.get("LIVE_SECRET", "")}
# As in deploy/airflow-example, which says why.
KEY = {"spark.sparkgate.client.key": "{{ dag.dag_id }}-{{ ti.task_id }}-{{ run_id }}-{{ ti.map_index }}"
       "-{{ dag_run.clear_number }}-after-{{ task_state_store.get('livy_batch_id', 0) }}"}


def dag(dag_id, program=None, **operator):
    params = {"cores": "1", "count": 0, "jar": "", "seconds": 600, "thing": "", "url": ""}
    with DAG(dag_id, schedule=None, start_date=pendulum.datetime(2026, 1, 1), params=params):
        LivyOperator(**{
            "task_id": "spark", "file": f"{PROGRAMS}/{program}", "driver_memory": "512m",
            "driver_cores": "{{ params.cores }}", "executor_cores": "{{ params.cores }}",
            "num_executors": "{{ params.cores }}", "polling_interval": 1, "conf": SMALL,
            "retry_delay": timedelta(seconds=1), **operator,
        })


# OpenLineage itself puts its key into conf.
dag("live_good", "exit.py", args=[0], openlineage_inject_transport_info=True, openlineage_inject_parent_job_info=True)
dag("live_bad", "exit.py", args=["3"], name="live-bad-{{ run_id }}", conf={**SMALL, **SECRET})
dag("live_deferred", "lines.py", args=[7], deferrable=True)
dag("live_deferred_bad", "exit.py", args=[3], deferrable=True)
dag("live_timeout", "wait.py", execution_timeout=timedelta(seconds=60))  # by then it has submitted
dag("live_keyed", "lines.py", args=[1], name="keyed-{{ run_id }}", conf={**SMALL, **KEY})
dag("live_lines", "lines.py", args=["{{ params.count }}"])
dag("live_wait", "wait.py", args=["{{ params.seconds }}"], name="wait-{{ run_id }}", retries=2, conf={**SMALL, **KEY})
dag("live_errand", file="{{ params.url }}/errand.py", args=["{{ params.url }}/{{ params.thing }}", "3600"],
    name="errand-{{ run_id }}", retries=2, conf={**SMALL, **KEY})
dag("live_second_try_good", "exit.py", args=["{{ 3 if ti.try_number == 1 else 0 }}"], retries=1, conf={**SMALL, **KEY})
dag("live_proxy_user", "exit.py", args=[0], proxy_user="alice")
dag(
    "live_all_fields", "exit.py", args=["{{ params.count }}", 2, 0.5], class_name="org.example.Main",
    jars=["local:///opt/spark/jars/{{ params.jar }}"], py_files=[f"{PROGRAMS}/lines.py"],
    files=[f"{PROGRAMS}/wait.py"], archives=["local:///opt/spark/python/lib/pyspark.zip#there"],
    driver_memory="{{ 500 + 12 }}m", executor_memory="{{ '600m' }}",
    executor_cores="{{ params.cores | int + 1 }}", num_executors="{{ params.cores | int + 2 }}",
    queue="{{ 'nightly' }}", name="all-{{ run_id }}",
    conf={**SMALL, "spark.example.word": "{{ dag.dag_id }}", "spark.example.number": 7, "spark.example.bool": True},
)
