# SPDX-License-Identifier: Apache-2.0
"""Whom the suite is pointed at.

SPARKGATE_CONTRACT_URL       http://host:port of a running server; without it, the private stack through nginx
SPARKGATE_CONTRACT_DIALECT   whose answers are wanted: sparkgate's (default) or livy's

Livy's are those of 0.9. Livy 0.7.1, the newest in Maven Central, does not hold what came later:
"Rejected, Reason: " before words, executorLogUrls, gzip bodies, security headers, forbidden conf keys, HEAD's length.
"""
import os
import urllib.parse

import pytest
from case import DIALECTS
from given import World
from livy import Livy

URL = os.environ.get("SPARKGATE_CONTRACT_URL")
DIALECT = os.environ.get("SPARKGATE_CONTRACT_DIALECT", "sparkgate")


def foreign(url):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        pytest.exit(f"SPARKGATE_CONTRACT_URL={url}: http://host:port is wanted", 1)
    return Livy(parts.port or {"http": 80, "https": 443}[parts.scheme], parts.hostname, parts.scheme)


@pytest.fixture(scope="session")
def dialect():
    if DIALECT not in DIALECTS:
        pytest.exit(f"SPARKGATE_CONTRACT_DIALECT={DIALECT}: one of {', '.join(DIALECTS)} is wanted", 1)
    return DIALECT


@pytest.fixture(scope="session")
def whole_world(request):
    if URL:
        return World(foreign(URL), None)
    stack = request.getfixturevalue("stack")
    return World(stack.livy, stack)


@pytest.fixture
def world(whole_world):
    yield whole_world
    whole_world.clear()
