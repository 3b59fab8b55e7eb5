# SPDX-License-Identifier: Apache-2.0
"""What all tests share. One private stack serves a whole session; a test that breaks a part of it has it repaired.

SPARKGATE_BUILD, SPARKGATE_TEST_DIR, SPARKGATE_TEST_SLOT: see lib/stack.py.
SPARKGATE_TEST_CLUSTER=skip: without the Kubernetes API; required: a failure where there is none.
SPARKGATE_TEST_KEEP=1: leaves everything running.
"""
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))

import kubernetes  # noqa: E402

LOG_LINES = 40
STACK = pytest.StashKey()
LOG_SIZES = pytest.StashKey[dict]()  # before a test: what is behind belongs to it


def pytest_collection_modifyitems(items):
    why = kubernetes.missing()
    if why is None:
        return
    if os.environ.get("SPARKGATE_TEST_CLUSTER") == "required":
        pytest.exit(f"the tests with the Kubernetes API cannot run here: {why}", 1)
    for item in items:
        if "kube" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(reason=f"no Kubernetes API: {why}"))


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    why = kubernetes.missing()
    if why is not None and skipped:
        terminalreporter.write_line(f"THE TESTS WITH THE KUBERNETES API DID NOT RUN: {why}", yellow=True, bold=True)


@pytest.fixture(scope="session")
def make_stack():
    """What the tests of a directory need; those of the operator have another one."""
    from stack import Stack  # not above: the contract against a foreign server runs without its packages

    return Stack


@pytest.fixture(scope="session")
def stack(request, make_stack):
    stack = make_stack()
    request.config.stash[STACK] = stack
    try:
        try:
            stack.up()
        except (AssertionError, OSError) as why:
            pytest.exit(f"the private stack did not start: {why}", 1)  # once, and not for every test
        yield stack
    finally:
        if not os.environ.get("SPARKGATE_TEST_KEEP"):
            stack.down()
    assert not stack.sanitizer_reports(), stack.sanitizer_reports()


@pytest.fixture(scope="session")
def kube(stack):
    """The Kubernetes API, as its administrator; tests that ask for it skip where there is none."""
    return stack.kubernetes


@pytest.fixture
def livy(stack):
    return stack.livy


@pytest.fixture
def database(stack):
    return stack.postgres


@pytest.fixture
def clean(stack):
    stack.empty()
    return stack


@pytest.fixture
def same_workers(stack):
    """No request, however broken, ends a worker."""
    before = stack.worker_pids()
    yield before
    answer = stack.livy.get("/healthz")
    assert answer.status == 200
    assert stack.worker_pids() == before, "a worker ended"


@pytest.fixture
def repaired(stack):
    """For tests that stop or kill parts."""
    yield stack
    stack.repair()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """The end of each log, as far as this test wrote it, goes with its failure."""
    stack = item.config.stash.get(STACK, None)
    report = (yield).get_result()
    if stack is None:
        return
    if report.when == "setup":
        item.stash[LOG_SIZES] = {file: file.stat().st_size for file in stack.log.glob("*.log")}
    if report.failed:
        for file in sorted(stack.log.glob("*.log")):
            with open(file, "rb") as log:
                log.seek(min(item.stash.get(LOG_SIZES, {}).get(file, 0), file.stat().st_size))
                lines = log.read().decode(errors="replace").splitlines()[-LOG_LINES:]
            if lines:
                report.sections.append((f"{file}", "\n".join(lines)))


@pytest.fixture(autouse=True)
def no_sanitizer_report(request):
    """AddressSanitizer and UndefinedBehaviorSanitizer found nothing in this test."""
    stack = request.config.stash.get(STACK, None)
    before = set(stack.sanitizer_reports()) if stack else set()
    yield
    stack = request.config.stash.get(STACK, None)
    if stack is None:
        return
    reports = {name: text for name, text in stack.sanitizer_reports().items() if name not in before}
    assert not reports, "\n".join(f"{name}\n{text}" for name, text in reports.items())
