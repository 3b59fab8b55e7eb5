# SPDX-License-Identifier: Apache-2.0
"""End-to-end tests: the real gateway, PostgreSQL, nginx, Kubernetes, operators, Spark and Airflow.

SPARKGATE_E2E=skip leaves them out; =required makes it a failure when they cannot run here.
SPARKGATE_E2E_KEEP=1 leaves everything running, so that the next run starts at once.
SPARKGATE_OPERATOR=sparkgate|kubeflow: whose operator runs the batches, where a test does not say.
SPARKGATE_E2E_DIR (default: e2e/ in the state directory), SPARKGATE_E2E_SLOT (2): where, and with which ports.
"""
import os
import shutil

import pytest

from live_airflow import Airflow
from live_spark import PROGRAMS_HERE, served
from live_stack import LiveStack, NotHere, kubeflow_missing

NOT_RUN = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def live(request):
    mode = os.environ.get("SPARKGATE_E2E") or os.environ.get("SPARKGATE_TEST_CLUSTER", "")
    stack = LiveStack()
    try:
        if mode == "skip":
            raise NotHere("left out by SPARKGATE_E2E or SPARKGATE_TEST_CLUSTER")
        stack.check_here()
    except NotHere as why:
        if mode == "required":
            pytest.fail(f"end-to-end tests cannot run here: {why}", pytrace=False)
        request.config.stash[NOT_RUN] = str(why)
        pytest.skip(f"end-to-end tests: {why}")
    keep = os.environ.get("SPARKGATE_E2E_KEEP", "") not in ("", "0")
    try:
        stack.up()
        yield stack
    finally:
        if not keep:
            stack.save_logs()
            stack.destroy()


@pytest.fixture(scope="module")
def operator(request, live):
    """Whose operator runs the batches of a module; the stack's, unless the module says which, or both:

    pytestmark = pytest.mark.parametrize("operator", OPERATORS, indirect=True, scope="module")
    """
    kind = getattr(request, "param", live.operator)
    missing = kubeflow_missing() if kind == "kubeflow" else None
    if missing:
        pytest.skip(missing)
    with live.use_operator(kind):
        yield kind


@pytest.fixture(scope="module")
def errands(live, tmp_path_factory):
    """URL and release(THING) of programs that run until URL/THING is there: URL/errand.py and URL/held_lines.py.

    URL/third_run.py waits for nothing.
    """
    directory = tmp_path_factory.mktemp("errands")
    for name in ("errand.py", "held_lines.py", "third_run.py"):
        shutil.copy(PROGRAMS_HERE / name, directory)
    with served(directory, live.node_address()) as address:
        yield address, lambda thing: (directory / thing).write_text("here")


@pytest.fixture(scope="session")
def airflow(live):
    server = Airflow(live)
    try:
        server.up()
        yield server
    finally:
        server.down()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """The end of the gateway's own logs goes with a failure."""
    report = (yield).get_result()
    stack = getattr(item, "funcargs", {}).get("live")
    if report.failed and stack is not None:
        for name, text in stack.log_texts():
            if text.strip():
                report.sections.append((name, "\n".join(text.splitlines()[-25:])))


def pytest_terminal_summary(terminalreporter, config):
    why = config.stash.get(NOT_RUN, None)
    if why is not None:
        terminalreporter.write_line(f"THE END-TO-END TESTS DID NOT RUN: {why}", yellow=True, bold=True)
