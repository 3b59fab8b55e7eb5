# SPDX-License-Identifier: Apache-2.0
"""DAGs of SparkSubmitOperator that the end-to-end tests run; see test_live_airflow_spark.py."""
from datetime import timedelta

import pendulum
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG

PROGRAMS = "local:///opt/sparkgate"


def dag(dag_id, program, *args, **operator):
    with DAG(dag_id, schedule=None, start_date=pendulum.datetime(2026, 1, 1), params={"seconds": 600}):
        SparkSubmitOperator(**{
            "task_id": "spark", "name": f"{dag_id}-{{{{ run_id }}}}", "driver_memory": "512m", "total_executor_cores": 1,
            # a Python application, which spark-submit sends to a standalone master in this way only
            "application": "spark-internal", "java_class": "org.apache.spark.deploy.SparkSubmit",
            "application_args": [f"{PROGRAMS}/{program}", *args],
            "conf": {"spark.master.rest.enabled": "true", "spark.kubernetes.driver.request.cores": "50m"},
            "retry_delay": timedelta(seconds=1), **operator,
        })


dag("live_spark_good", "exit.py", "0")
dag("live_spark_bad", "exit.py", "3")
dag("live_spark_wait", "wait.py", "{{ params.seconds }}", retries=1)
dag("live_spark_refused", "wait.py", conf={"spark.master.rest.enabled": "true", "spark.sparkgate.cluster": "nowhere"})
