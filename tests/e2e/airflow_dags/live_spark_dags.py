# SPDX-License-Identifier: Apache-2.0
"""DAGs of SparkSubmitOperator that the end-to-end tests run; see test_live_airflow_spark.py and test_live_airflow_k8s.py."""
import os
from datetime import timedelta

import pendulum
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG

PROGRAMS = "local:///opt/sparkgate"
CORES = {"spark.kubernetes.driver.request.cores": "50m"}
REST = {"spark.master.rest.enabled": "true"}
K8S = {**CORES, "spark.kubernetes.container.image": os.environ.get("LIVE_SPARK_IMAGE", "")}


def dag(dag_id, **operator):
    with DAG(dag_id, schedule=None, start_date=pendulum.datetime(2026, 1, 1), params={"seconds": 600}):
        SparkSubmitOperator(**{"task_id": "spark", "name": f"{dag_id}-{{{{ run_id }}}}", "driver_memory": "512m",
                               "retry_delay": timedelta(seconds=1), **operator})


def spark_dag(dag_id, program, *args, **operator):
    """A Python application, which spark-submit sends to a standalone master in this way only."""
    dag(dag_id, **{"application": "spark-internal", "java_class": "org.apache.spark.deploy.SparkSubmit",
                   "application_args": [f"{PROGRAMS}/{program}", *args], "total_executor_cores": 1,
                   "conf": {**REST, **CORES}, **operator})


def k8s_dag(dag_id, program, *args, conf=None, **operator):
    dag(dag_id, conn_id="spark_k8s", application=f"{PROGRAMS}/{program}", application_args=args,
        conf={**K8S, **(conf or {})}, **operator)


spark_dag("live_spark_good", "exit.py", "0")
spark_dag("live_spark_bad", "exit.py", "3")
spark_dag("live_spark_wait", "wait.py", "{{ params.seconds }}", retries=1)
spark_dag("live_spark_refused", "wait.py", conf={**REST, "spark.sparkgate.cluster": "nowhere"})
k8s_dag("live_k8s_good", "exit.py", "0")
k8s_dag("live_k8s_bad", "exit.py", "3")
k8s_dag("live_k8s_refused", "exit.py", conf={"spark.sparkgate.cluster": "nowhere"})
k8s_dag("live_k8s_tracked", "exit.py", "0", track_driver_via_k8s_api=True)
k8s_dag("live_k8s_wait", "wait.py", "{{ params.seconds }}")
