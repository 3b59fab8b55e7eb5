# SPDX-License-Identifier: Apache-2.0
"""Spark 3.5 and Spark 4 side by side, each batch in the image that the cluster's configuration has for what it asks for."""
import datetime
import json

import pytest
import yaml
from live_batch import PATIENT, SMALL
from live_spark import PROGRAMS_HERE, LiveSpark, served, submit_by_worker
from waiting import within

VERSIONS = {"3.5": "3.5.9", "4.3": "4.3.0"}  # as a batch asks for them
ONE_MINUTE_S = 60


@pytest.fixture(scope="module")
def config(live):
    """As the gateway's own, and it has no image but these two."""
    whole = yaml.safe_load((live.dir / "sparkgate.yaml").read_text())
    cluster = whole["clusters"]["default"]
    del cluster["image"], cluster["spark_version"]
    cluster["images"] = {asked: LiveSpark(live, version).image for asked, version in VERSIONS.items()}
    file = live.dir / "versions.yaml"
    file.write_text(json.dumps(whole))
    yield file
    file.unlink()


def test_two_versions_of_spark_run_in_one_minute(live, config):
    def measure(url):
        batches = {asked: submit_by_worker(live, config, {
            "file": f"{url}/greet.py", "pyFiles": [f"{url}/greeting.py"],
            "conf": SMALL | PATIENT | {"spark.executor.instances": "1", "spark.sparkgate.sparkVersion": asked},
        }) for asked in VERSIONS}
        for asked, batch in batches.items():
            batch.wait("success")
            assert f"by Spark {VERSIONS[asked]}" in batch.log("size=-1")["log"]
        ends = [datetime.datetime.fromisoformat(batch.show()["finishedAt"]) for batch in batches.values()]
        return (max(ends) - min(ends)).total_seconds()

    with served(PROGRAMS_HERE, live.node_address()) as url:
        print(f"seconds between their ends: {within(ONE_MINUTE_S, lambda: measure(url))}")
