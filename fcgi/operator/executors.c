/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/executors.h"

#include <stdlib.h>
#include <string.h>

#include "operator/decide.h"
#include "operator/status.h"

/* The Kubeflow operator's default, too: a status of 10,000 executors would be as large as the object may be. */
#define EXECUTORS_MAX 1000

struct executor {
	struct executor *next;
	const char *state;              /* static */
	char *submission_id;
	char name[];
};

static struct executor *
make(const char *name, const char *submission_id)
{
	struct executor *executor = calloc(1, sizeof(*executor) + strlen(name) + 1);

	if (executor == NULL || (executor->submission_id = strdup(submission_id)) == NULL)
		abort(); /* as everywhere (base/arena.h): stateless, and started anew */
	strcpy(executor->name, name);
	return executor;
}

static void
drop(struct executor **at)
{
	struct executor *executor = *at;

	*at = executor->next;
	free(executor->submission_id);
	free(executor);
}

void
executors_free(struct executor **executors)
{
	while (*executors != NULL)
		drop(executors);
}

static const char *
label(struct json_object *pod, const char *key)
{
	const char *text = json_string_at(pod, "metadata", "labels", key, NULL);

	return text == NULL ? "" : text;
}

void
executors_see(struct executor **executors, struct json_object *pod, bool is_deleted)
{
	const char *name = json_string_at(pod, "metadata", "name", NULL);
	struct executor **at = executors;

	if (name == NULL || atol(label(pod, "spark-exec-id")) > EXECUTORS_MAX)
		return;
	while (*at != NULL && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	if (is_deleted && *at != NULL)
		drop(at);
	if (is_deleted)
		return;
	if (*at == NULL)
		*at = make(name, label(pod, POD_LABEL_SUBMISSION));
	(*at)->state = status_executor_state(pod);
}

struct json_object *
executors_states(struct arena *arena, const struct executor *executors, const char *submission_id)
{
	struct json_object *states = arena_own_json(arena, json_object_new_object());

	for (; executors != NULL; executors = executors->next) {
		if (strcmp(executors->submission_id, submission_id) == 0)
			json_add_string(states, executors->name, executors->state);
	}
	return states;
}
