# SPDX-License-Identifier: Apache-2.0
"""Runs one DAG by Airflow's dag.test(), or LivyHook's connection test. Run by the Python that has Airflow.

    airflow_run.py dag DAG_FILE DAG_ID   |   airflow_run.py connection

The task's log goes to the standard streams; the last line is JSON.
"""
import json
import sys


def run_dag(file, dag_id):
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=file)
    assert not bag.import_errors, bag.import_errors
    run = bag.dags[dag_id].test()
    (task,) = run.get_task_instances()
    return {
        "dag": str(run.state),
        "task": str(task.state),
        "batch": task.xcom_pull(task_ids=task.task_id) if task.state == "success" else None,
        "app_id": task.xcom_pull(task_ids=task.task_id, key="app_id") if task.state == "success" else None,
    }


def test_connection():
    from airflow.providers.apache.livy.hooks.livy import LivyHook

    works, words = LivyHook().test_connection()
    return {"works": works, "words": words}


result = run_dag(*sys.argv[2:]) if sys.argv[1] == "dag" else test_connection()
print(json.dumps(result), flush=True)
