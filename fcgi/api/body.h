/*
 * api/body.h - JSON request bodies: their values as the texts and counts that an order holds, for every protocol.
 * SPDX-License-Identifier: Apache-2.0
 *
 * `name` is the field as the client wrote it; every error begins with it.
 */
#ifndef API_BODY_H
#define API_BODY_H

#include "api/dispatch.h"

/*
 * The body as a JSON object, the arena's.
 * err  ERR_INVALID: empty, no JSON, no object
 */
MUST_CHECK bool body_object(struct call *call, struct json_object **ret_root, struct err *err);
/*
 * No key has a NUL in it, where json-c would end it. Asked last: a NUL in a value has the field's name in its message.
 */
MUST_CHECK bool body_check_keys(const struct call *call, struct err *err);

/* Text; numbers and booleans exactly as they were written. PostgreSQL and Kubernetes hold no NUL: that is an error. */
MUST_CHECK bool body_text(struct arena *arena, const char *name, struct json_object *value, const char **ret_text,
			  struct err *err);

/* keep_empty: an empty argument is an argument, an empty path is none. */
MUST_CHECK bool body_strings(struct arena *arena, const char *name, struct json_object *value, bool keep_empty,
			     struct batch_strings *ret_strings, struct err *err);

MUST_CHECK bool body_pairs(struct arena *arena, const char *name, struct json_object *value,
			   struct batch_pairs *ret_pairs, struct err *err);

/* The word for a value's type in messages: "null", "object", ... */
const char *body_type_name(struct json_object *value);

#endif
