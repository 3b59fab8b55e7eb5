# SPDX-License-Identifier: Apache-2.0
"""sparkgate-operator against a real kube-apiserver, alone: the tests play scheduler and kubelet."""
import pytest
from played_node import PlayedNode
from stack import Stack, end_leftovers, program
from process import Process


class OperatorStack(Stack):
    """The Kubernetes API with the definition that is shipped, and the operator with a user of its own that has the rights
    of the shipped manifest, and no others."""

    own_definition = True

    def up(self):
        end_leftovers(self.dir)
        for directory in (self.run, self.log):
            directory.mkdir(parents=True, exist_ok=True)
        (self.dir / ".sparkgate-state").touch()
        self.kubernetes.up()
        self.write_config()

    def kubeconfig(self):
        return self.kubernetes.dir / "cluster/run/operator.kubeconfig"

    def config(self, changes=None):
        return super().config({"clusters": {"default": {"operator": "sparkgate"}}, "database": None, "metrics": None,
                               **(changes or {})})

    def down(self):
        self.kubernetes.down()

    def operator(self, name="operator", **environment):
        return Process(self.dir, name, [program("sparkgate-operator"), "-c", self.config_file],
                       self.environment(**environment))


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
