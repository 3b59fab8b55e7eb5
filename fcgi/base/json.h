/*
 * base/json.h - json-c with the limits and the strictness that a server needs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define AUTO_JSON AUTO(json_put_auto)
void json_put_auto(struct json_object **root);

/*
 * Parses one JSON value; strict (no comments, no NaN, valid UTF-8), at most LIMIT_JSON_DEPTH deep. A UTF-8 byte order
 * mark is skipped, and text after the value is ignored, as Livy does (contract livy.md 1.2).
 *
 * ret_root  the caller's to put; NULL for the literal null
 * err       ERR_INVALID with the byte offset in msg
 */
MUST_CHECK bool json_parse(const char *bytes, size_t size_bytes, struct json_object **ret_root, struct err *err);

/*
 * Is there a NUL in a key or text of this JSON? C's texts, and json-c's keys, end at it, and would be taken for others.
 */
bool json_has_nul_escape(const char *json);

/* Borrowed members; NULL / default when absent, null or of another type. `object` may be NULL. */
struct json_object *json_member(const struct json_object *object, const char *key);
const char *json_string(const struct json_object *object, const char *key);
int64_t json_int(const struct json_object *object, const char *key, int64_t fallback);
/* Elements of an array; 0 for anything else. */
size_t json_count(const struct json_object *array);
/* Walks objects by keys, ending with NULL: json_at(root, "status", "applicationState", "state", NULL). */
struct json_object *json_at(struct json_object *root, ...) __attribute__((sentinel));
/* The same, and the string there or NULL. */
const char *json_string_at(struct json_object *root, ...) __attribute__((sentinel));

/* Adds a string member; NULL text becomes a JSON null. */
void json_add_string(struct json_object *object, const char *key, const char *text);
void json_add_int(struct json_object *object, const char *key, int64_t number);

/*
 * For objects that are made by the hundred: the key is a literal and not there yet, and neither copied nor looked for.
 */
void json_put(struct json_object *object, const char *key, struct json_object *value);
void json_put_string(struct json_object *object, const char *key, const char *text);

/* Compact text without escaped slashes, borrowed from `root` until it changes. */
const char *json_text(struct json_object *root);

#endif
