# SPDX-License-Identifier: Apache-2.0
"""A client of Spark's REST submission protocol: what spark-submit sends, and what one writes by hand."""
import pathlib
import json

from livy import Livy

CLONE = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = CLONE / "../shared/fixtures/spark-rest"
SPARK_SUBMIT = {"User-Agent": "Java/17.0.15"}
CREATE, STATUS, KILL = "/v1/submissions/create", "/v1/submissions/status/", "/v1/submissions/kill/"


def creation(properties=None, **members):
    """A body of create; None takes a member away."""
    body = {
        "action": "CreateSubmissionRequest",
        "appArgs": ["10"],
        "appResource": "local:///opt/app.jar",
        "clientSparkVersion": "4.3.0",
        "environmentVariables": {"SPARK_SCALA_VERSION": "2.13"},
        "mainClass": "org.example.Main",
        "sparkProperties": {
            "spark.app.name": "org.example.Main", "spark.driver.supervise": "false", "spark.jars": "local:///opt/app.jar",
            "spark.master": "spark://gateway:9888", "spark.master.rest.enabled": "true",
            "spark.submit.deployMode": "cluster", "spark.submit.pyFiles": "",
        },
    }
    body["sparkProperties"] = without_nones(body["sparkProperties"] | (properties or {}))
    return without_nones(body | members)


def without_nones(members):
    return {name: value for name, value in members.items() if value is not None}


class SparkRest(Livy):
    """`prefix` is what stands after host and port in --master."""

    def __init__(self, port, prefix=""):
        super().__init__(port)
        self.prefix = prefix

    def create(self, body, headers=None):
        return self.call("POST", self.prefix + CREATE, body, headers)

    def submit(self, properties=None, **members):
        """The id of a submission that is taken."""
        answer = self.create(creation(properties, **members))
        assert answer.status == 200 and answer.json()["success"] is True, answer
        return answer.json()["submissionId"]

    def status(self, submission):
        return self.get(self.prefix + STATUS + submission).json()

    def driver_state(self, submission):
        return self.status(submission).get("driverState")

    def kill(self, submission):
        return self.call("POST", self.prefix + KILL + submission).json()


def recorded(name):
    """A recorded client or server; None where the recordings are not."""
    file = FIXTURES / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else None


def batch_of(submission):
    """Its id in the ledger."""
    return int(submission.rsplit("-", 1)[1])
