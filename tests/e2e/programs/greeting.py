# SPDX-License-Identifier: Apache-2.0
"""greeting.py: goes with greet.py as a pyFile, to the driver and to the executors."""


def greeting(number):
    return f"hello {number}"
