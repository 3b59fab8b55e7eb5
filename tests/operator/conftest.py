# SPDX-License-Identifier: Apache-2.0
"""sparkgate-operator against a real kube-apiserver, alone: the tests play scheduler and kubelet."""
import pytest
from operator_stack import OperatorStack
from played_node import PlayedNode


@pytest.fixture(scope="session")
def make_stack():
    return OperatorStack


@pytest.fixture
def node(kube):
    node = PlayedNode(kube)
    node.empty()
    yield node
    node.empty()


@pytest.fixture
def operator(stack, node):
    operator = stack.operator().start()
    yield operator
    operator.stop()
