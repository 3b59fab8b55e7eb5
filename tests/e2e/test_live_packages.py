# SPDX-License-Identifier: Apache-2.0
"""Packages of Python, installed by pip in each pod before Spark begins there: from an index of the cluster's own."""
import json
import shutil
import subprocess
import sys

import pytest
from live_batch import PATIENT, SMALL, LiveBatch
from live_spark import PROGRAMS_HERE, served
from live_stack import OPERATORS
from waiting import LIMIT_S

pytestmark = pytest.mark.parametrize("operator", OPERATORS, indirect=True, scope="module")
NUMPY = "numpy>=1.21.0"
SWITCH = "SPARKGATE_CLUSTERS_DEFAULT_PIP_CONFIG_MAP"


@pytest.fixture(scope="module")
def index(live, tmp_path_factory):
    """A directory of wheels for pods, which is all that pip looks at: its URL, and the numpy in it."""
    directory = tmp_path_factory.mktemp("wheels")
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:",
                    "--no-deps", "--dest", directory, NUMPY], check=True, timeout=LIMIT_S)
    (wheel,) = directory.glob("numpy-*.whl")
    shutil.copy(PROGRAMS_HERE / "packages.py", directory)
    with served(directory, live.node_address()) as url:
        live.kubectl("apply", "-f", "-", text=json.dumps({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "pip-settings"},
            "data": {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": f"{url}/", "PIP_TRUSTED_HOST": live.node_address()}}))
        live.environment[SWITCH] = "pip-settings"
        try:
            live.restart_workers()
            yield url, wheel.name.split("-")[1]
        finally:
            del live.environment[SWITCH]
            live.restart_workers()


@pytest.fixture(scope="module")
def batches(live, index, operator):
    """Name -> batch: one whose packages are there, and one that nobody can install."""
    url, _ = index
    conf = SMALL | PATIENT | {"spark.executor.instances": "1"}
    return {
        "good": LiveBatch(live, f"{url}/packages.py", conf=conf | {"pyRequirements": f"{NUMPY},!=1.21.0"}),
        "bad": LiveBatch(live, f"{url}/packages.py", conf=conf | {"pyRequirements": "no-such-package-of-ours"}),
    }


def test_driver_and_executors_have_the_packages(index, batches):
    _, version = index
    batches["good"].wait("success")
    log = batches["good"].log("from=0&size=1000")["log"]
    assert f"driver {version}" in log and f"executors {version} 6" in log, log


def test_what_cannot_be_installed_ends_the_batch_in_pips_own_words(batches):
    bad = batches["bad"]
    bad.wait("dead")
    words = "No matching distribution found for no-such-package-of-ours"
    assert words in bad.show()["message"], bad.show()
    assert any(words in line for line in bad.log()["log"]), bad.log()
