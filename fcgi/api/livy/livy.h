/*
 * api/livy/livy.h - Apache Livy's REST API for batches.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Source of the protocol facts: apache/incubator-livy fc4202ea, run and recorded.
 */
#ifndef API_LIVY_LIVY_H
#define API_LIVY_LIVY_H

#include "api/dispatch.h"
#include "service/driver_log.h"
#include "service/query.h"

extern const struct protocol livy_protocol;

/*
 * The body of POST /batches. Strict as Livy is: an unknown field or a wrong type is an error that names the field; null
 * equals absent; numbers and booleans become text where text is wanted, numeric strings become counts.
 * ret_order    strings are borrowed from ret_request
 * ret_request  the parsed body, the arena's
 */
MUST_CHECK bool livy_parse_create(struct call *call, struct batch_order *ret_order, struct json_object **ret_request,
				  struct err *err);

/*
 * Is the version of the API that the client accepts the one that is served (contract livy.md 1.2, "versioning")?
 * err  ERR_NOT_ACCEPTABLE
 */
MUST_CHECK bool livy_check_version(struct call *call, struct err *err);

/*
 * The parameters of GET /batches that Livy does not know: state, owner, namePrefix, cluster, protocol, createdAfter,
 * createdBefore, order, limit, cursor.
 * ret_is_filtered  false: none of them is there, and the list is Livy's
 * err              ERR_INVALID: which parameter, and the remedy
 */
MUST_CHECK bool livy_parse_filter(struct call *call, struct store_list_filter *ret_filter, bool *ret_is_filtered,
				  struct err *err);

/* The value of "cursor" that leads to the page after this position. */
const char *livy_cursor(struct arena *arena, const struct store_list_filter *filter, int64_t position);

/* Livy's Batch object, the caller's to put. Every field is always there, null when unknown. */
struct json_object *livy_render_batch(const struct batch *batch);

/* Livy's word for the state: it knows no "accepted". */
const char *livy_state(const struct batch *batch);

#endif
