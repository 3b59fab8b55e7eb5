# SPDX-License-Identifier: Apache-2.0
"""What the tests of states share."""
import k8s_client
import pytest
import submitter
from stack import IMPATIENT


@pytest.fixture
def batch(stack, kube, livy):
    """A pushed batch: its id and the object's name."""
    stack.wait_leased()
    batch_id = livy.submit()["id"]
    row = stack.wait_state(batch_id, "starting")
    return batch_id, row["object_name"]


@pytest.fixture
def impatient(stack):
    """For tests in which somebody is silent: the gateway's limits are reached soon."""
    stack.reconfigure(IMPATIENT)
    yield
    stack.reconfigure()


@pytest.fixture
def submitter_workers(stack, kube):
    """Workers with POST /api/v1/spark-submit; called, they begin anew with an environment."""
    submitter.allow(kube)
    config = stack.write_config(submitter.CONFIG, "submitter.yaml")

    def start(**environment):
        stack.restart_workers(config=config, **environment)

    start()
    yield start
    stack.restart_workers()


@pytest.fixture(scope="module")
def k8s(stack, kube):
    """spark-submit --master k8s://, and all of the gateway's rights: what is refused the gateway refuses."""
    with k8s_client.opened(stack) as client:
        yield client
