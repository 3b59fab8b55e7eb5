# SPDX-License-Identifier: Apache-2.0
"""lines.py [COUNT]: prints that many numbered lines (default 1000), without a Spark session."""
import sys

count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
for number in range(count):
    print(f"line {number}")
