# SPDX-License-Identifier: Apache-2.0
"""hog.py: takes memory until it is killed for it, without a Spark session."""
taken = []
while True:
    taken.append(bytearray(b"\1") * (16 * 1024 * 1024))
    print(f"took {16 * len(taken)} MiB", flush=True)
