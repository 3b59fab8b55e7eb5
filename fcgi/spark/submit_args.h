/*
 * spark/submit_args.h - spark-submit's argument vector, read as spark-submit reads it. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Sources: Spark 4.3.0 SparkSubmitOptionParser.java (the options) and SparkSubmitArguments.scala (what they mean, and
 * that an option beats the property of the same meaning, wherever it stands).
 */
#ifndef SPARK_SUBMIT_ARGS_H
#define SPARK_SUBMIT_ARGS_H

#include "spark/submission.h"

/*
 * Fills what arguments can say: names, namespace, main file and class, its own arguments, conf. NULL stays what they do
 * not say: main_class, proxy_user, driver_pod. What cannot be done without a JVM, the submitter's files or a wait is
 * refused, never left out.
 *
 * args            an array of strings
 * ret_submission  its templates are read: with one, the property that would name a file for it means nothing, as it
 *                 does where an option of the Kubeflow operator overrides it
 * err             ERR_INVALID: which argument, and the remedy
 */
MUST_CHECK bool spark_submit_args(struct arena *arena, struct json_object *args, struct spark_submission *ret_submission,
				  struct err *err);

/* The vector alone: main file and class, its arguments, conf. Where it is to run is the caller's business. */
MUST_CHECK bool spark_submit_args_read(struct arena *arena, struct json_object *args,
				       struct spark_submission *ret_submission, struct err *err);

#endif
