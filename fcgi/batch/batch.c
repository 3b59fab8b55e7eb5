/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/batch.h"

#include <string.h>

static const char *const state_text[BATCH_STATE_COUNT] = {
	[BATCH_ACCEPTED] = "accepted", [BATCH_STARTING] = "starting", [BATCH_RUNNING] = "running",
	[BATCH_SUCCESS] = "success",   [BATCH_DEAD] = "dead",         [BATCH_KILLED] = "killed",
	[BATCH_ERROR] = "error",
};

static const char *const protocol_text[BATCH_PROTOCOL_COUNT] = {
	[BATCH_LIVY] = "livy", [BATCH_SPARK_REST] = "spark_rest", [BATCH_K8S] = "k8s",
};

static const char *const reason_text[BATCH_REASON_COUNT] = {
	[BATCH_NO_REASON] = NULL,
	[BATCH_REFUSED] = "refused",
	[BATCH_SUBMISSION_FAILED] = "submission_failed",
	[BATCH_EXIT_CODE] = "exit_code",
	[BATCH_OUT_OF_MEMORY] = "out_of_memory",
	[BATCH_EVICTED] = "evicted",
	[BATCH_DRIVER_LOST] = "driver_lost",
	[BATCH_FAILED] = "failed",
	[BATCH_KILLED_BY_USER] = "killed_by_user",
	[BATCH_DELETED_OUTSIDE] = "deleted_outside",
};

static int
find(const char *const *words, int count, const char *text)
{
	for (int i = 0; i < count; i++) {
		if (words[i] != NULL && strcmp(words[i], text) == 0)
			return i;
	}
	return -1;
}

const char *
batch_state_text(enum batch_state state)
{
	return state_text[state];
}

bool
batch_state_parse(const char *text, enum batch_state *ret_state)
{
	int found = find(state_text, BATCH_STATE_COUNT, text);

	if (found >= 0)
		*ret_state = (enum batch_state)found;
	return found >= 0;
}

const char *
batch_protocol_text(enum batch_protocol protocol)
{
	return protocol_text[protocol];
}

bool
batch_protocol_parse(const char *text, enum batch_protocol *ret_protocol)
{
	int found = find(protocol_text, BATCH_PROTOCOL_COUNT, text);

	if (found >= 0)
		*ret_protocol = (enum batch_protocol)found;
	return found >= 0;
}

const char *
batch_reason_text(enum batch_reason reason)
{
	return reason_text[reason];
}

bool
batch_reason_parse(const char *text, enum batch_reason *ret_reason)
{
	int found = find(reason_text, BATCH_REASON_COUNT, text);

	if (found >= 0)
		*ret_reason = (enum batch_reason)found;
	return found >= 0;
}

const char *
batch_pairs_get(const struct batch_pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->count; i++) {
		if (strcmp(pairs->items[i].key, key) == 0)
			return pairs->items[i].value;
	}
	return NULL;
}

bool
batch_is_pod(const struct batch *batch)
{
	return batch->protocol == BATCH_K8S;
}

const char *
batch_object_name(const struct batch *batch)
{
	return batch_is_pod(batch) ? batch->driver_pod : batch->object_name;
}

const char *
batch_object_of_run(struct arena *arena, const char *first_object_name, int run)
{
	return run == 0 ? first_object_name : arena_printf(arena, "%s-%d", first_object_name, run);
}

bool
batch_is_client(const struct batch *batch)
{
	return batch_is_pod(batch) && batch->operator_kind != NULL && strcmp(batch->operator_kind, "client") == 0;
}

bool
batch_waits_for_turn(const struct batch *batch)
{
	return batch->admitted_at == NULL && batch->finished_at == NULL;
}
