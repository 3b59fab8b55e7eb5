/*
 * spark/conf.h - Spark properties: a map of texts, always in the order of its keys, so that what is made of it is the
 * same each time.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SPARK_CONF_H
#define SPARK_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct spark_property {
	const char *key;
	const char *value;
};

struct spark_conf {
	struct arena *arena;            /* keys and values are copied into it */
	struct spark_property *items;   /* items[count], sorted by key */
	size_t count;
	size_t capacity;
};

void spark_conf_init(struct spark_conf *conf, struct arena *arena);

/* The last one wins. A NULL value changes nothing. */
void spark_conf_set(struct spark_conf *conf, const char *key, const char *value);
void spark_conf_setf(struct spark_conf *conf, const char *value, const char *key_format, ...) PRINTF_LIKE(3, 4);
void spark_conf_remove(struct spark_conf *conf, const char *key);
/* Only when the key is absent. */
void spark_conf_default(struct spark_conf *conf, const char *key, const char *value);

/* NULL when absent. */
const char *spark_conf_get(const struct spark_conf *conf, const char *key);
const char *spark_conf_get_or(const struct spark_conf *conf, const char *key, const char *fallback);
bool spark_conf_is_true(const struct spark_conf *conf, const char *key);

/* Is this property a credential for Kubernetes, or a file with one? A path inside the driver's pod is none. */
bool spark_conf_is_credential(const char *key);

/* The index of the first property whose key starts so, and of the one behind the last: conf->items[first..end). */
void spark_conf_range(const struct spark_conf *conf, const char *prefix, size_t *ret_first, size_t *ret_end);

/* err  ERR_INVALID when the value is no whole number in the range */
MUST_CHECK bool spark_conf_int(const struct spark_conf *conf, const char *key, int fallback, int least, int most,
			       int *ret_number, struct err *err);

#endif
