/*
 * api/spark_rest/spark_rest.h - the REST submission protocol of Spark's standalone master, for --master spark://
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source of the protocol facts: contract spark-rest.md, spark-submit and real masters 3.5.9 to 4.3.0.
 */
#ifndef API_SPARK_REST_SPARK_REST_H
#define API_SPARK_REST_SPARK_REST_H

#include "api/dispatch.h"

extern const struct protocol spark_rest_protocol;

struct spark_rest_create {
	struct batch_order order;               /* strings are borrowed from `request` */
	struct json_object *request;            /* the parsed body, the arena's */
	struct json_object *meant;              /* of it what a repetition under the same client key has, too; the arena's */
	const char *client_version;             /* of the Spark that sent it */
	struct json_object *unknown_fields;     /* names, the arena's */
	/*
	 * Of a request that a JVM may have sent a second time by itself (contract 6.3): the same for both, and for no other.
	 * NULL: it does not look like one.
	 */
	const char *repeat_key;
};

/*
 * The body of create. As the real master does it takes numbers for texts and unknown members; what it would lose
 * silently is an error here.
 * err  ERR_INVALID: which member or property, and the remedy
 */
MUST_CHECK bool spark_rest_parse_create(struct call *call, struct spark_rest_create *ret_create, struct err *err);

/*
 * "driver-20261121120000-0042": time of acceptance and id. Digits and hyphens only, because Airflow cuts it out of a log
 * by driver-[0-9\-]+ (contract 1.7).
 */
const char *spark_rest_id(struct arena *arena, const struct batch *batch);
/* The batch's id in such a text; the caller compares the whole with the batch found. */
MUST_CHECK bool spark_rest_id_parse(const char *text, int64_t *ret_id);

/* Spark's word for the state that clients are shown (contract section 4). */
const char *spark_rest_driver_state(const struct batch *batch);

/*
 * Answers with `body`, the caller's to put, one member a line with " : " between name and value: Airflow parses lines
 * (contract 1.6). Members come as they were added, which is to be in alphabetical order; "serverSparkVersion" has its
 * place in it.
 */
void spark_rest_answer(struct call *call, int status, struct json_object *body);
void spark_rest_add_version(struct call *call, struct json_object *body);

/* The error as an ErrorResponse; 468 with the version that there is. */
void spark_rest_answer_error(struct call *call, const struct err *err);
/* For a spark-submit that creates, which ends with 1 and the reason on its screen for nothing else (contract 6.1). */
void spark_rest_answer_exception(struct call *call, const struct err *err);

#endif
