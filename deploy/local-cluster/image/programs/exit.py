# SPDX-License-Identifier: Apache-2.0
"""exit.py [STATUS]: ends with that status (default 3), without a Spark session."""
import sys

status = int(sys.argv[1]) if len(sys.argv) > 1 else 3
print(f"ending with status {status}", flush=True)
sys.exit(status)
