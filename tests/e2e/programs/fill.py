# SPDX-License-Identifier: Apache-2.0
"""fill.py DIRECTORY MEBIBYTES: writes that much into it and waits to be evicted for it, without a Spark session."""
import pathlib
import sys
import time

directory, mebibytes = pathlib.Path(sys.argv[1]), int(sys.argv[2])
(directory / "filling").write_bytes(bytes(1024 * 1024) * mebibytes)
print(f"wrote {mebibytes} MiB into {directory}", flush=True)
time.sleep(600)
