# SPDX-License-Identifier: Apache-2.0
"""errand.py URL [TRIES]: looks for it that often (default 1), once a second; ends with 3 when it was never there."""
import sys
import time
import urllib.request

for number in range(1, 1 + int(sys.argv[2] if len(sys.argv) > 2 else 1)):
    try:
        with urllib.request.urlopen(sys.argv[1], timeout=30) as answer:
            print(f"found {len(answer.read())} bytes", flush=True)
            sys.exit(0)
    except OSError as error:
        print(f"look {number}: {error}", flush=True)
    time.sleep(1)
sys.exit(3)
