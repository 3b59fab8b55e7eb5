# SPDX-License-Identifier: Apache-2.0
"""Waiting for conditions, never for time."""
import time


def wait_for(what, condition, limit_s=10, interval_s=0.02):
    """The first true value of condition(); a failure after limit_s says what was waited for, and what was seen."""
    deadline = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"after {limit_s} s still waiting for {what}; last seen: {value!r}"
        time.sleep(interval_s)


def stays(what, condition, for_s):
    """condition() is true all the time; for what must not happen there is nothing else to wait for."""
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        assert condition(), f"{what}: not any more"
        time.sleep(0.05)
