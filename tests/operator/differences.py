# SPDX-License-Identifier: Apache-2.0
"""The wanted differences between what spark-submit makes and what sparkgate-operator makes: each with its reason.

A row: where (a regular expression for a whole path as test_equality.py prints it), how, why; and the values, where
only those are wanted.
  left out  spark-submit has it, the operator has not
  added     the operator has it, spark-submit has not
  changed   both have it, with different values
A row that no recorded set needs fails a test.
"""
import re
from typing import NamedTuple

ANY = object()


class Wanted(NamedTuple):
    where: str
    how: str
    why: str
    theirs: object = ANY
    ours: object = ANY

    def covers(self, where, how, theirs, ours):
        return (how == self.how and re.fullmatch(self.where, where) is not None
                and self.theirs in (ANY, theirs) and self.ours in (ANY, ours))


PROPERTIES = "/ConfigMap/data/spark.properties"

WANTED = (
    Wanted("/(ConfigMap|NetworkPolicy|PersistentVolumeClaim|Service|UiService)/metadata/ownerReferences", "left out",
           "the driver pod's uid is known when it has been created; the reconcile loop adds it"),
    Wanted("/ExecutorTemplate/metadata/ownerReferences", "left out",
           "executors belong to the driver alone, so that they end with it: a second owner would keep them"),
    Wanted("/UiService/spec/clusterIP", "added",
           "no address of the cluster's is spent on it: its name leads to the driver pod", ours="None"),
    Wanted("/UiService/metadata/labels/sparkoperator.k8s.io/(app-name|submission-id)", "added",
           "the Kubeflow operator leaves its own labels out where an application has some for the service"),
    Wanted("/UiService", "left out", "the web UI is off: it would lead nowhere"),
    Wanted("/UiService", "added",
           "no service can have the name that the Kubeflow operator gives it: dots, a digit first"),
    Wanted("/UiService/metadata/name", "changed", "a name that is too long is cut and told apart in another way",
           ours="spark-RESOURCEID-ui-svc"),
    Wanted(f"{PROPERTIES}/#", "changed", "who wrote the file",
           ours="#Java properties of this driver, made by sparkgate"),
    Wanted(f"{PROPERTIES}/spark.kubernetes.driver.podTemplate(File|ContainerName)", "left out",
           "the operator lays the driver's template under the pod itself; nothing reads a file of the submitter"),
    Wanted(f"{PROPERTIES}/spark.master", "changed",
           "spark-submit writes the address by which it reached the API server; the driver uses its own cluster's",
           theirs="MASTER", ours=r"k8s\://https\://kubernetes.default.svc"),
    Wanted(f"{PROPERTIES}/spark.test.lines", "changed", "spark-submit's shell script drops carriage returns",
           ours=r"one\ntwo\r\nthree\n"),
    Wanted("/(Pod|ExecutorTemplate)/spec/(initContainers/0|containers/[^/]*)/resources", "left out",
           "Kubernetes' Go types write an empty one, which means nothing", theirs={}),
    Wanted(f"{PROPERTIES}/spark.kubernetes.executor.terminationGracePeriodSeconds", "added",
           "from Spark 4 on the driver sets an executor's, over a template's; this is what it sets", ours="5"),
    Wanted(f"{PROPERTIES}/spark.executorEnv.SPARK_CONF_DIR", "added",
           "the driver sets this variable after a template's; the webhook, which comes later still, is not there"),
)

# The same for what the gateway makes of the Kubeflow operator's REST submissions. Its objects are seen as they are sent,
# owners included, and the operator's templates come along.
OF_SUBMITTER = (
    Wanted("/Pod/spec/schedulingGates", "added", "until all is there; opened then",
           ours=[{"name": "sparkgate.io/submission"}]),
    *(row for row in WANTED if row.where in (
        f"{PROPERTIES}/#", f"{PROPERTIES}/spark.test.lines",
        f"{PROPERTIES}/spark.kubernetes.driver.podTemplate(File|ContainerName)")),
)

# What spark-submit refuses: a word that the operator's reason must have.
REFUSED = {
    "driver-address": "spark.driver.bindAddress",
    "bad-memory": "memory",
    "feature-steps": "featureSteps",
    "gpu-without-vendor": "vendor",
    "local-file": "mainApplicationFile",
    "no-image": "image",
    "no-main-class": "mainClass",
    "reserved-label": "spark-role",
    "volume-of-unknown-type": "floppy",
    "volume-without-path": "options.path",
}

ALL = ("3.5.9", "4.0.5", "4.1.4", "4.3.0")
# What the operator alone refuses: a word that its reason must have, why it is wanted, and for which versions.
REFUSED_BY_US = {
    "credentials": ("spark.kubernetes.authenticate.driver.oauthToken", "conf is no place for credentials", ALL),
    "executor-memory-limit": ("executor.memoryLimit", "the driver overwrites a template's", ALL),
}

# With nothing to say to executors, the operator makes no template for them; spark-submit always gets one.
NO_TEMPLATE = {"apiVersion": "v1", "kind": "Pod", "metadata": {},
               "spec": {"containers": {"spark-kubernetes-executor": {"resources": {}}}}}
TEMPLATE_PROPERTY = "spark.kubernetes.executor.podTemplate"


def without_template(theirs):
    """spark-submit's objects as they would be, had it got no executors' template."""
    pod = theirs["Pod"]["spec"]
    del pod["volumes"]["pod-template-volume"]
    del pod["containers"]["spark-kubernetes-driver"]["volumeMounts"]["/opt/spark/pod-template"]
    properties = theirs["ConfigMap"]["data"]["spark.properties"]
    for key in [key for key in properties if key.startswith(TEMPLATE_PROPERTY)]:
        del properties[key]
