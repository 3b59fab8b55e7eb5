/*
 * spark/amount.h - amounts of memory as Spark reads them, and the overhead that it adds for a pod.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source: Spark's configuration reference ("spark.driver.memory", "memoryOverhead", "memoryOverheadFactor",
 * "minMemoryOverhead") and the recorded requests of spark-submit (contract k8s-facade.md 3.1).
 */
#ifndef SPARK_AMOUNT_H
#define SPARK_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/*
 * "512m", "2g", "2gb"; a number alone is MiB; less than a MiB is rounded down. No fractions, as in Spark.
 * name  stands in the message
 * err   ERR_INVALID
 */
MUST_CHECK bool spark_memory_mib(const char *name, const char *text, int64_t *ret_mib, struct err *err);

/* The overhead of a process with `memory_mib`: the factor's part of it, at least `least_mib`. */
int64_t spark_overhead_mib(int64_t memory_mib, double factor, int64_t least_mib);

/* A factor above 0. */
MUST_CHECK bool spark_factor(const char *name, const char *text, double *ret_factor, struct err *err);

/* As Java prints a double: "0.1", "1.0". */
#define SPARK_FACTOR_BYTES 40
void spark_factor_text(double factor, char ret_text[SPARK_FACTOR_BYTES]);

/* A Spark version, 1000 * major + minor, e.g. 4003 for "4.3.0-rc1"; 0 for what is none. */
int spark_version_number(const char *version);

#endif
