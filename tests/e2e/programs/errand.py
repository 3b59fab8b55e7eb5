# SPDX-License-Identifier: Apache-2.0
"""errand.py URL: succeeds when it is there, fails with 3 while it is not."""
import sys
import urllib.error
import urllib.request

try:
    with urllib.request.urlopen(sys.argv[1], timeout=30) as answer:
        print(f"found {len(answer.read())} bytes", flush=True)
except urllib.error.HTTPError as error:
    print(f"not found: {error.code}", flush=True)
    sys.exit(3)
