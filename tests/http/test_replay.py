# SPDX-License-Identifier: Apache-2.0
"""The recorded pairs of tests/data/livy through nginx and the workers."""
import os

import pytest
import replay

PAIRS = [pytest.param(file.stem, case, id=f"{file.stem}: {case['it']}")
         for file in replay.files("livy") for case in replay.cases(file)]


@pytest.fixture(scope="module")
def kept():
    """What earlier answers of the same file are remembered for; names are new in every run."""
    return {}


@pytest.mark.parametrize("file, case", PAIRS)
def test_pair(stack, kept, same_workers, file, case):
    values = kept.setdefault(file, {"run": f"http{os.getpid()}"})

    replay.run(case, values, stack.livy.call)
