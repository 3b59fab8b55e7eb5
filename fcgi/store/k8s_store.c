/* SPDX-License-Identifier: Apache-2.0 */
#include "store/k8s_store.h"

#include <stdio.h>

#include "base/json.h"
#include "store/store_priv.h"

/* How often the later one of two that race looks for what the earlier one wrote. */
#define RACE_TRIES 3

static const char *
copy(struct arena *arena, const PGresult *result, const char *column)
{
	return arena_strdup(arena, store_value(result, 0, column));
}

static struct json_object *
copy_json(struct arena *arena, const PGresult *result, const char *column)
{
	return arena_own_json(arena, json_tokener_parse(store_value(result, 0, column)));
}

static bool
read_submission(struct arena *arena, const PGresult *result, struct store_k8s_submission *submission, struct err *err)
{
	if (PQntuples(result) == 0)
		return err_set(err, ERR_NOT_FOUND, "%s", "");
	*submission = (struct store_k8s_submission){
		.uid = copy(arena, result, "uid"),
		.namespace = copy(arena, result, "namespace"),
		.pod_name = copy(arena, result, "pod_name"),
		.app_id = copy(arena, result, "app_id"),
		.cluster = copy(arena, result, "cluster"),
		.owner = copy(arena, result, "owner"),
		.config_map = copy(arena, result, "config_map"),
		.pod = copy_json(arena, result, "pod"),
		.parts = copy_json(arena, result, "parts"),
	};
	return true;
}

bool
store_k8s_begin(struct store *store, struct arena *arena, const struct store_k8s_submission *wanted, int lives_s,
		struct store_k8s_submission *ret_submission, struct err *err)
{
	char lives_text[16];
	const char *params[] = {
		wanted->uid, wanted->namespace, wanted->pod_name, wanted->app_id, wanted->cluster, wanted->owner,
		wanted->config_map, json_text(wanted->pod), lives_text,
	};

	snprintf(lives_text, sizeof(lives_text), "%d", lives_s);
	for (int i = 0; i < RACE_TRIES; i++) {
		AUTO_PGRESULT PGresult *result = NULL;

		if (!store_run(store, STATEMENT_K8S_BEGIN, params, &result, err))
			return false;
		if (PQntuples(result) > 0)
			return read_submission(arena, result, ret_submission, err);
	}
	return err_set(err, ERR_UNAVAILABLE, "the pod %s is being submitted by another request; try again", wanted->pod_name);
}

bool
store_k8s_part(struct store *store, const char *uid, const char *kind_and_name, struct json_object *object, int most_parts,
	       int most_bytes, const char *owner, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	char parts_text[16], bytes_text[16];
	const char *params[] = { uid, kind_and_name, json_text(object), parts_text, owner, bytes_text };

	snprintf(parts_text, sizeof(parts_text), "%d", most_parts);
	snprintf(bytes_text, sizeof(bytes_text), "%d", most_bytes);
	if (!store_run(store, STATEMENT_K8S_PART, params, &result, err))
		return false;
	return PQntuples(result) > 0 || err_set(err, ERR_NOT_FOUND, "%s", "");
}

bool
store_k8s_show(struct store *store, struct arena *arena, const char *uid, const char *owner,
	       struct store_k8s_submission *ret_submission, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	const char *params[] = { uid, owner };

	return store_run(store, STATEMENT_K8S_SHOW, params, &result, err) &&
	       read_submission(arena, result, ret_submission, err);
}

bool
store_k8s_show_by_pod(struct store *store, struct arena *arena, const char *namespace, const char *pod_name,
		      const char *owner, struct store_k8s_submission *ret_submission, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	const char *params[] = { namespace, pod_name, owner };

	return store_run(store, STATEMENT_K8S_SHOW_BY_POD, params, &result, err) &&
	       read_submission(arena, result, ret_submission, err);
}

bool
store_k8s_drop(struct store *store, const char *namespace, const char *pod_name, const char *owner, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	const char *params[] = { namespace, pod_name, owner };

	if (!store_run(store, STATEMENT_K8S_DROP, params, &result, err))
		return false;
	return PQntuples(result) > 0 || err_set(err, ERR_NOT_FOUND, "%s", "");
}

bool
store_k8s_expire(struct store *store, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;

	return store_run(store, STATEMENT_K8S_EXPIRE, NULL, &result, err);
}

bool
store_k8s_accept(struct store *store, struct arena *arena, const struct store_k8s_batch *new_batch, struct batch *ret_batch,
		 bool *ret_is_new, struct err *err)
{
	char claim_text[16];
	const char *params[] = {
		new_batch->uid, new_batch->name, new_batch->cluster, new_batch->request_text, new_batch->request_id,
		new_batch->objects_text, claim_text, new_batch->whole_request_text, new_batch->queue, new_batch->limits,
		new_batch->asked_text,
	};

	snprintf(claim_text, sizeof(claim_text), "%d", new_batch->claim_ms);
	for (int i = 0; i < RACE_TRIES; i++) {
		AUTO_PGRESULT PGresult *result = NULL;

		if (!store_run(store, STATEMENT_K8S_ACCEPT, params, &result, err))
			return false;
		if (PQntuples(result) == 0)
			continue;
		if (store_value(result, 0, "full_of") != NULL)
			return store_full(result, err);
		*ret_is_new = store_true(result, 0, "is_new");
		store_read_batch(arena, result, 0, ret_batch);
		return true;
	}
	return err_set(err, ERR_NOT_FOUND, "%s", "");
}

bool
store_k8s_batch_by_pod(struct store *store, struct arena *arena, const char *namespace, const char *pod_name,
		       const char *cluster, struct batch *ret_batch, struct err *err)
{
	const char *params[] = { namespace, pod_name, cluster };

	return store_one_batch(store, arena, STATEMENT_K8S_BATCH_BY_POD, params, ret_batch, err);
}
