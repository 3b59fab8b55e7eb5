# SPDX-License-Identifier: Apache-2.0
"""held_lines.py COUNT URL: prints half of so many numbered lines, and the others once the URL is there."""
import sys
import time
import urllib.request

count, url = int(sys.argv[1]), sys.argv[2]


def is_there():
    try:
        with urllib.request.urlopen(url, timeout=30):
            return True
    except OSError:
        return False


for number in range(count // 2):
    print(f"line {number}")
sys.stdout.flush()
while not is_there():
    time.sleep(0.5)
for number in range(count // 2, count):
    print(f"line {number}")
