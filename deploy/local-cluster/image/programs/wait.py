# SPDX-License-Identifier: Apache-2.0
"""wait.py [SECONDS]: runs that long (default 600), one line a second, without a Spark session."""
import sys
import time

seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 600
for second in range(seconds):
    print(f"waiting, second {second + 1} of {seconds}", flush=True)
    time.sleep(1)
print("waited to the end", flush=True)
