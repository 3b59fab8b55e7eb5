# SPDX-License-Identifier: Apache-2.0
"""What cannot be submitted says why, and leaves nothing that could run."""
import contextlib

import pytest
from waiting import stays

pytestmark = pytest.mark.usefixtures("operator")


@pytest.fixture
def full(kube):
    """The namespace takes no more of something, until empty() is called."""
    with contextlib.ExitStack() as quotas:
        yield lambda kind: quotas.enter_context(kube.full(kind)), quotas.close


def test_a_field_that_is_not_supported_is_named_and_nothing_is_made(node):
    node.apply("pi", batchScheduler="volcano", restartPolicy={
        "type": "OnFailure", "onSubmissionFailureRetries": 5, "onSubmissionFailureRetryInterval": 1})
    status = node.wait("pi", "FAILED")
    assert "failed to submit spark application" in node.message("pi") and "batchScheduler" in node.message("pi")
    assert status["terminationTime"] and status["submissionAttempts"] == 1, "repeating it would not help"
    assert node.driver("pi") is None


def test_no_room_for_a_pod_is_told_and_tried_again_as_the_policy_says(node, full):
    fill, empty = full
    fill("pods")
    node.apply("never")
    node.wait("never", "FAILED")
    assert "quota" in node.message("never")
    node.apply("pi", restartPolicy={"type": "OnFailure", "onSubmissionFailureRetries": 9,
                                    "onSubmissionFailureRetryInterval": 1})
    node.wait("pi", "SUBMISSION_FAILED")
    empty()
    node.wait_driver("pi")
    status = node.wait("pi", "SUBMITTED")
    assert status["executionAttempts"] == 1 < status["submissionAttempts"]


def test_no_room_for_the_config_map_leaves_no_driver(node, full):
    fill, _ = full
    fill("configmaps")
    node.apply("pi")
    node.wait("pi", "FAILED")
    assert "quota" in node.message("pi")
    stays("no driver", lambda: node.driver("pi") is None, 1)
