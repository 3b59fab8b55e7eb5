# SPDX-License-Identifier: Apache-2.0
"""packages.py: which numpy the driver and its executors have."""
import numpy
from pyspark.sql import SparkSession


def version_there(_):
    import numpy as there  # of the executor
    return there.__version__, str(int(there.arange(4).sum()))


context = SparkSession.builder.getOrCreate().sparkContext
print(f"driver {numpy.__version__}", flush=True)
for version, total in set(context.parallelize(range(2), 2).map(version_there).collect()):
    print(f"executors {version} {total}", flush=True)
