# SPDX-License-Identifier: Apache-2.0
"""A DAG of KubernetesPodOperator that the end-to-end tests run; see test_live_k8s_client.py."""
import os

import pendulum
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import DAG
from kubernetes.client import models as k8s


def from_status(name, path):
    return k8s.V1EnvVar(name=name, value_from=k8s.V1EnvVarSource(field_ref=k8s.V1ObjectFieldSelector(field_path=path)))


with DAG("live_client", schedule=None, start_date=pendulum.datetime(2026, 1, 1), params={"image": "", "arguments": []},
         render_template_as_native_obj=True):
    KubernetesPodOperator(
        task_id="spark", name="client-airflow", namespace="spark", in_cluster=False,
        config_file=os.environ.get("LIVE_KUBECONFIG"), image="{{ params.image }}", image_pull_policy="IfNotPresent",
        cmds=["/opt/spark/bin/spark-submit"], arguments="{{ params.arguments }}", startup_timeout_seconds=600,
        env_vars=[from_status("POD_NAME", "metadata.name"), from_status("POD_IP", "status.podIP")],
    )
