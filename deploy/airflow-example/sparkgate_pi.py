# SPDX-License-Identifier: Apache-2.0
"""Airflow runs Spark's own pi.py through the gateway, with the stock LivyOperator.

    pip install apache-airflow apache-airflow-providers-apache-livy
    export AIRFLOW_CONN_LIVY_DEFAULT='{"conn_type": "livy", "host": "http://127.0.0.1", "port": 8998}'
    airflow dags test sparkgate_pi          # with this file in the DAGs folder
"""
from datetime import timedelta

import pendulum
from airflow.providers.apache.livy.operators.livy import LivyOperator
from airflow.sdk import DAG

with DAG("sparkgate_pi", schedule=None, start_date=pendulum.datetime(2026, 1, 1), params={"cores": "1"}):
    LivyOperator(
        task_id="pi",
        file="local:///opt/spark/examples/src/main/python/pi.py",
        args=[2],
        # One batch a try: a name is free again when its batch has ended.
        name="pi-{{ ts_nodash }}-{{ ti.try_number }}",
        num_executors=1,
        # Templated values are strings; the gateway takes them where Livy wants numbers.
        executor_cores="{{ params.cores }}",
        conf={"spark.sparkgate.client.key": "{{ dag.dag_id }}-{{ run_id }}-{{ ti.try_number }}"},
        # 0, the operator's default, would submit and not wait.
        polling_interval=2,
        execution_timeout=timedelta(minutes=10),
    )
