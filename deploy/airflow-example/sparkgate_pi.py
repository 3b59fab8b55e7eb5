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
        # Not ts_nodash: a run that somebody starts by hand may have no logical date, and then there is none.
        name="pi-{{ run_id }}",
        num_executors=1,
        # Templated values are strings; the gateway takes them where Livy wants numbers.
        executor_cores="{{ params.cores }}",
        # The operator keeps the id of its batch, and a retry whose worker died goes back to that batch (Airflow 3.3).
        # Should the worker die before it could keep the id, this key does the same. A retry after a failed batch has
        # another id behind "after", and somebody's clearing another clear_number: these are new batches.
        conf={"spark.sparkgate.client.key": "{{ dag.dag_id }}-{{ ti.task_id }}-{{ run_id }}-{{ ti.map_index }}"
              "-{{ dag_run.clear_number }}-after-{{ task_state_store.get('livy_batch_id', 0) }}"},
        retries=1,
        # 0, the operator's default, would submit and not wait.
        polling_interval=2,
        execution_timeout=timedelta(minutes=10),
    )
