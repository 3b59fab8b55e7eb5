# SPDX-License-Identifier: Apache-2.0
"""The recorded pairs of tests/data/livy by plain CGI: the same words whatever carries them."""
import os

import pytest
import replay
from cgi_client import Cgi

PAIRS = [pytest.param(file.stem, case, id=f"{file.stem}: {case['it']}")
         for file in replay.files("livy") for case in replay.cases(file)]


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.mark.parametrize("file, case", PAIRS)
def test_pair(stack, kept, file, case):
    replay.run(case, kept.setdefault(file, {"run": f"cgi{os.getpid()}"}), Cgi(stack).call)
