# SPDX-License-Identifier: Apache-2.0
"""Packages of Python: installed by pip in each pod before Spark begins there, from an index of the cluster's own; or brought
along, as a PEX among the files or as a virtual environment among the archives."""
import json
import os
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
            pack(directory, wheel, tmp_path_factory.mktemp("packing"))
            yield url, wheel.name.split("-")[1]
        finally:
            del live.environment[SWITCH]
            live.restart_workers()


def pack(directory, wheel, work):
    """That numpy as env.pex and as env.tar.gz beside it. The Python of the image is this machine's, Debian's."""
    def run(*command):
        subprocess.run(command, check=True, timeout=LIMIT_S, env={**os.environ, "PYTHONPATH": str(work / "tools")})

    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(sys.executable, *pip, "--target", work / "tools", "pex==2.105.2", "venv-pack==0.2.0")
    # PySpark itself is the image's: it is found behind what the PEX brings
    run(sys.executable, "-m", "pex", wheel, "--no-index", "--inherit-path=fallback", "--output-file", directory / "env.pex")
    run(sys.executable, "-m", "venv", work / "environment")
    run(work / "environment/bin/python", *pip, "--no-index", wheel)
    run(sys.executable, "-m", "venv_pack", "--quiet", "--prefix", work / "environment", "--output", directory / "env.tar.gz")


BROUGHT = {  # what a client brings itself, and as which Python
    "pex": ("files", "env.pex", "./env.pex"),
    "archive": ("archives", "env.tar.gz#environment", "./environment/bin/python"),
}


@pytest.fixture(scope="module")
def batches(live, index, operator):
    """Name -> batch: one whose packages are there, one that nobody can install; those of BROUGHT with one operator."""
    url, _ = index
    conf = SMALL | PATIENT | {"spark.executor.instances": "1", "spark.sparkgate.tolerations": "spot=yes:NoSchedule"}
    program = f"{url}/packages.py"
    found = {
        "good": LiveBatch(live, program, conf=conf | {"pyRequirements": f"{NUMPY},!=1.21.0"}),
        "bad": LiveBatch(live, program, conf=conf | {"pyRequirements": "no-such-package-of-ours"}),
    }
    for name, (field, file, python) in BROUGHT.items() if operator == "sparkgate" else ():
        found[name] = LiveBatch(live, program, **{field: [f"{url}/{file}"]}, conf=conf | {"spark.pyspark.python": python})
    return found


def test_driver_and_executors_have_the_packages(index, batches):
    _, version = index
    for name in batches.keys() - {"bad"}:
        batches[name].wait("success")
        log = batches[name].log("from=0&size=1000")["log"]
        assert f"driver {version}" in log and f"executors {version} 6" in log, (name, log)


def test_its_pods_tolerate_what_it_asks_for(live, batches):
    batches["good"].wait("success")
    (driver,) = live.objects("pods", f"{batches['good'].row()['object_name']}-driver")
    assert {"key": "spot", "operator": "Equal", "value": "yes", "effect": "NoSchedule"} in driver["spec"]["tolerations"]


def test_what_cannot_be_installed_ends_the_batch_in_pips_own_words(batches):
    bad = batches["bad"]
    bad.wait("dead")
    words = "No matching distribution found for no-such-package-of-ours"
    assert words in bad.show()["message"], bad.show()
    assert any(words in line for line in bad.log()["log"]), bad.log()
