# SPDX-License-Identifier: Apache-2.0
"""What the tests of states share."""
import pytest


@pytest.fixture
def batch(stack, kube, livy):
    """A pushed batch: its id and the object's name."""
    stack.wait_leased()
    batch_id = livy.submit()["id"]
    row = stack.wait_state(batch_id, "starting")
    return batch_id, row["object_name"]
