/* SPDX-License-Identifier: Apache-2.0 */
#include "crd/scheduling.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "batch/policy.h"
#include "batch/validate.h"
#include "spark/pod_json.h"
#include "spark/pod_rules.h"

#define TOLERATIONS_MAX 32

/* Kubernetes' own ones stand above everything that keeps a node alive. */
#define SYSTEM_PRIORITY "system-"

static bool
take_priority(struct batch_pairs *conf, struct scheduling *scheduling, struct err *err)
{
	const char *name = batch_pairs_take(conf, SCHEDULING_PRIORITY_KEY);

	if (name == NULL)
		return true;
	if (!spark_is_object_name(name) || strncmp(name, SYSTEM_PRIORITY, strlen(SYSTEM_PRIORITY)) == 0)
		return err_set(err, ERR_INVALID, "conf " SCHEDULING_PRIORITY_KEY ": '%s' is no priority class for batches: write the name of "
			       "one that the cluster has, in lower case, and none of Kubernetes' own (" SYSTEM_PRIORITY "...)", name);
	scheduling->priority_class = name;
	return true;
}

static bool
is_effect(const char *text)
{
	static const char *const effects[] = { "NoSchedule", "PreferNoSchedule", "NoExecute" };

	return text_is_one_of(text, effects, ARRAY_COUNT(effects));
}

/* key[=value][:effect]; NULL: it is none. */
static struct json_object *
read_toleration(struct arena *arena, const char *text, size_t size)
{
	char *key = arena_strndup(arena, text, size), *effect = strrchr(key, ':'), *value;
	struct json_object *toleration;

	if (effect != NULL)
		*effect++ = '\0';
	value = strchr(key, '=');
	if (value != NULL)
		*value++ = '\0';
	if (!text_is_label_key(key) || (effect != NULL && !is_effect(effect)) ||
	    (value != NULL && value[0] != '\0' && !text_is_label_value(value)))
		return NULL;
	toleration = json_object_new_object();
	json_add_string(toleration, "key", key);
	json_add_string(toleration, "operator", value != NULL ? "Equal" : "Exists");
	if (value != NULL)
		json_add_string(toleration, "value", value);
	if (effect != NULL)
		json_add_string(toleration, "effect", effect);
	return toleration;
}

static bool
take_tolerations(struct arena *arena, struct batch_pairs *conf, struct scheduling *scheduling, struct err *err)
{
	const char *at = batch_pairs_take(conf, SCHEDULING_TOLERATIONS_KEY), *text;
	size_t size;

	if (at == NULL)
		return true;
	scheduling->tolerations = arena_own_json(arena, json_object_new_array());
	while (text = batch_next_uri(&at, &size), size > 0) {
		struct json_object *toleration = read_toleration(arena, text, size);

		if (toleration == NULL)
			return err_set(err, ERR_INVALID, "conf " SCHEDULING_TOLERATIONS_KEY ": '%.*s' is no toleration: write key=value:Effect, "
				       "key:Effect or key, with commas between; an effect is NoSchedule, PreferNoSchedule or NoExecute",
				       (int)size, text);
		json_object_array_add(scheduling->tolerations, toleration);
		if (json_count(scheduling->tolerations) > TOLERATIONS_MAX)
			return err_set(err, ERR_INVALID, "conf " SCHEDULING_TOLERATIONS_KEY ": more than %d", TOLERATIONS_MAX);
	}
	if (json_count(scheduling->tolerations) == 0)
		return err_set(err, ERR_INVALID, "conf " SCHEDULING_TOLERATIONS_KEY ": is empty: write e.g. dedicated=spark:NoSchedule, or "
			       "leave it out");
	return true;
}

bool
scheduling_take(struct arena *arena, struct batch_pairs *conf, struct scheduling *ret_scheduling, struct err *err)
{
	*ret_scheduling = (struct scheduling){ 0 };
	return take_priority(conf, ret_scheduling, err) && take_tolerations(arena, conf, ret_scheduling, err);
}

bool
scheduling_is_empty(const struct scheduling *scheduling)
{
	return scheduling->priority_class == NULL && scheduling->tolerations == NULL;
}

void
scheduling_add(const struct scheduling *scheduling, struct json_object *template)
{
	struct json_object *spec = spark_child_object(template, "spec"), *copy = NULL;

	if (scheduling->priority_class != NULL)
		json_add_string(spec, "priorityClassName", scheduling->priority_class);
	if (scheduling->tolerations != NULL && json_object_deep_copy(scheduling->tolerations, &copy, NULL) == 0)
		json_object_object_add(spec, "tolerations", copy);
}
