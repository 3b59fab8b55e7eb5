/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/conf.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
spark_conf_init(struct spark_conf *conf, struct arena *arena)
{
	*conf = (struct spark_conf){ .arena = arena };
}

/* The first item whose key is not below `key`. */
static size_t
place_of(const struct spark_conf *conf, const char *key)
{
	size_t low = 0, high = conf->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(conf->items[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_at(const struct spark_conf *conf, size_t place, const char *key)
{
	return place < conf->count && strcmp(conf->items[place].key, key) == 0;
}

static void
make_room(struct spark_conf *conf)
{
	struct spark_property *items;

	if (conf->count < conf->capacity)
		return;
	conf->capacity = conf->capacity == 0 ? 64 : conf->capacity * 2;
	items = arena_alloc(conf->arena, conf->capacity * sizeof(items[0]));
	if (conf->count > 0)
		memcpy(items, conf->items, conf->count * sizeof(items[0]));
	conf->items = items;
}

void
spark_conf_set(struct spark_conf *conf, const char *key, const char *value)
{
	size_t place = place_of(conf, key);

	if (value == NULL)
		return;
	if (!is_at(conf, place, key)) {
		make_room(conf);
		memmove(&conf->items[place + 1], &conf->items[place], (conf->count - place) * sizeof(conf->items[0]));
		conf->items[place].key = arena_strdup(conf->arena, key);
		conf->count++;
	}
	conf->items[place].value = arena_strdup(conf->arena, value);
}

void
spark_conf_remove(struct spark_conf *conf, const char *key)
{
	size_t place = place_of(conf, key);

	if (!is_at(conf, place, key))
		return;
	conf->count--;
	memmove(&conf->items[place], &conf->items[place + 1], (conf->count - place) * sizeof(conf->items[0]));
}

void
spark_conf_setf(struct spark_conf *conf, const char *value, const char *key_format, ...)
{
	char key[512];
	va_list args;
	int size_bytes;

	va_start(args, key_format);
	size_bytes = vsnprintf(key, sizeof(key), key_format, args);
	va_end(args);
	if (size_bytes >= (int)sizeof(key)) {
		char *longer = arena_alloc(conf->arena, (size_t)size_bytes + 1);

		va_start(args, key_format);
		vsnprintf(longer, (size_t)size_bytes + 1, key_format, args);
		va_end(args);
		spark_conf_set(conf, longer, value);
		return;
	}
	spark_conf_set(conf, key, value);
}

void
spark_conf_default(struct spark_conf *conf, const char *key, const char *value)
{
	if (spark_conf_get(conf, key) == NULL)
		spark_conf_set(conf, key, value);
}

const char *
spark_conf_get(const struct spark_conf *conf, const char *key)
{
	size_t place = place_of(conf, key);

	return is_at(conf, place, key) ? conf->items[place].value : NULL;
}

const char *
spark_conf_get_or(const struct spark_conf *conf, const char *key, const char *fallback)
{
	const char *value = spark_conf_get(conf, key);

	return value == NULL ? fallback : value;
}

bool
spark_conf_is_true(const struct spark_conf *conf, const char *key)
{
	return strcasecmp(spark_conf_get_or(conf, key, ""), "true") == 0;
}

bool
spark_conf_is_credential(const char *key)
{
	static const char *const credentials[] = { "oauthToken", "oauthTokenFile", "caCertFile", "clientKeyFile",
						   "clientCertFile" };
	static const char prefix[] = "spark.kubernetes.authenticate.";
	static const char mounted[] = "spark.kubernetes.authenticate.driver.mounted.";
	const char *dot = strrchr(key, '.');

	if (strncmp(key, prefix, strlen(prefix)) != 0 || strncmp(key, mounted, strlen(mounted)) == 0)
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(credentials); i++) {
		if (strcmp(dot + 1, credentials[i]) == 0)
			return true;
	}
	return false;
}

void
spark_conf_range(const struct spark_conf *conf, const char *prefix, size_t *ret_first, size_t *ret_end)
{
	size_t end = place_of(conf, prefix);

	*ret_first = end;
	while (end < conf->count && strncmp(conf->items[end].key, prefix, strlen(prefix)) == 0)
		end++;
	*ret_end = end;
}

bool
spark_conf_int(const struct spark_conf *conf, const char *key, int fallback, int least, int most, int *ret_number,
	       struct err *err)
{
	const char *text = spark_conf_get(conf, key);
	char *end;
	long number;

	*ret_number = fallback;
	if (text == NULL)
		return true;
	number = strtol(text, &end, 10);
	if (end == text || *end != '\0' || number < least || number > most)
		return err_set(err, ERR_INVALID, "%s: '%s' is not a whole number from %d to %d", key, text, least, most);
	*ret_number = (int)number;
	return true;
}
