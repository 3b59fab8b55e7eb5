# SPDX-License-Identifier: Apache-2.0
"""greet.py: calls what its pyFile holds, on the executors."""
from greeting import greeting
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
print(" ".join(spark.sparkContext.parallelize(range(4), 2).map(greeting).collect()), flush=True)
print(f"by Spark {spark.version}", flush=True)
spark.stop()
