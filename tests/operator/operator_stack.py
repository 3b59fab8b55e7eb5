# SPDX-License-Identifier: Apache-2.0
"""What sparkgate-operator works with: a real etcd and kube-apiserver, and nothing else of the gateway."""
from process import Process
from stack import Stack, end_leftovers, program


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
