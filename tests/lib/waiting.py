# SPDX-License-Identifier: Apache-2.0
"""Waiting for conditions, never for time."""
import time

# Of whatever has to come: it costs nothing where all is well, and a machine may stand still for half a minute anywhere.
# How soon something comes is never told by such a limit; what would come by itself later needs a test of its own.
LIMIT_S = 300


def wait_for(what, condition, limit_s=LIMIT_S, interval_s=0.02):
    """The first true value of condition(); a failure after limit_s says what was waited for, and what was seen."""
    deadline = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"after {limit_s} s still waiting for {what}; last seen: {value!r}"
        time.sleep(interval_s)


def within(limit_s, measure, times=10):
    """Of a promise of seconds: the first measure that keeps it. A machine that stands still, or is busy with something
    else, is late now and then; what does not keep its promise is late each time."""
    measured = []
    while not measured or measured[-1] > limit_s:
        assert len(measured) < times, f"within {limit_s} s was promised; measured: {measured}"
        measured.append(measure())
    return measured[-1]


def stays(what, condition, for_s):
    """condition() is true all the time; for what must not happen there is nothing else to wait for."""
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        assert condition(), f"{what}: not any more"
        time.sleep(0.05)
