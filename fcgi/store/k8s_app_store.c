/* SPDX-License-Identifier: Apache-2.0 */
#include "store/k8s_app_store.h"


#include "store/store_priv.h"

/* A row that another has made is committed by the time that this one learns of it; it can only be removed meanwhile. */
#define RACE_TRIES 3

static void
read_app(struct arena *arena, const PGresult *result, int row, struct store_k8s_app *ret_app)
{
	store_read_batch(arena, result, row, &ret_app->batch);
	ret_app->driver_marked = store_true(result, row, "driver_marked");
	ret_app->is_silent = store_true(result, row, "is_silent");
	ret_app->is_over = store_true(result, row, "is_over");
}

bool
store_k8s_app_find(struct store *store, struct arena *arena, const char *namespace, const char *app_id, const char *cluster,
		   struct store_k8s_app *ret_app, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	const char *params[] = { namespace, app_id, cluster };

	if (!store_run(store, STATEMENT_K8S_APP_FIND, params, &result, err))
		return false;
	if (PQntuples(result) == 0)
		return err_set(err, ERR_NOT_FOUND, "%s", "");
	read_app(arena, result, 0, ret_app);
	return true;
}

bool
store_k8s_app_accept(struct store *store, struct arena *arena, const struct store_k8s_app_sight *sight,
		     struct store_k8s_app *ret_app, bool *ret_is_new, struct err *err)
{
	const char *params[] = {
		sight->cluster, sight->namespace, sight->app_id, sight->owner, sight->name, sight->request_text,
		sight->request_id, sight->message,
	};

	for (int i = 0; i < RACE_TRIES; i++) {
		AUTO_PGRESULT PGresult *result = NULL;

		if (!store_run(store, STATEMENT_K8S_APP_ACCEPT, params, &result, err))
			return false;
		*ret_is_new = PQntuples(result) > 0;
		if (store_k8s_app_find(store, arena, sight->namespace, sight->app_id, sight->cluster, ret_app, err))
			return true;
		if (err->code != ERR_NOT_FOUND)
			return false;
	}
	return err_set(err, ERR_UNAVAILABLE, "the application is being recorded by another request; try again");
}

/* Runs a statement about one batch; ret_found: there was a row. */
static bool
run_for(struct store *store, enum statement_id id, const char *const *params, bool *ret_found, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;

	if (!store_run(store, id, params, &result, err))
		return false;
	*ret_found = PQntuples(result) > 0;
	return true;
}

bool
store_k8s_app_creating(struct store *store, int64_t id, int limit_ms, const char *name, struct err *err)
{
	struct number id_text, limit_text;
	const char *params[] = { number_text(&id_text, id), number_text(&limit_text, limit_ms), name };
	bool is_open;

	if (!run_for(store, STATEMENT_K8S_APP_CREATING, params, &is_open, err))
		return false;
	return is_open || err_set(err, ERR_NOT_FOUND, "%s", "");
}

bool
store_k8s_app_heard(struct store *store, int64_t id, struct err *err)
{
	struct number id_text;
	const char *params[] = { number_text(&id_text, id) };
	bool found;

	return run_for(store, STATEMENT_K8S_APP_HEARD, params, &found, err);
}

bool
store_k8s_app_stopped(struct store *store, int64_t id, struct err *err)
{
	struct number id_text;
	const char *params[] = { number_text(&id_text, id) };
	bool found;

	return run_for(store, STATEMENT_K8S_APP_STOPPED, params, &found, err);
}

bool
store_k8s_app_driver(struct store *store, int64_t id, const char *pod_name, const char *pod_uid, const char *container,
		     bool *ret_known, struct err *err)
{
	struct number id_text;
	const char *params[] = { number_text(&id_text, id), pod_name, pod_uid, container };

	return run_for(store, STATEMENT_K8S_APP_DRIVER, params, ret_known, err);
}

bool
store_k8s_app_marked(struct store *store, int64_t id, struct err *err)
{
	struct number id_text;
	const char *params[] = { number_text(&id_text, id) };
	bool found;

	return run_for(store, STATEMENT_K8S_APP_MARKED, params, &found, err);
}

bool
store_k8s_app_due(struct store *store, struct arena *arena, const char *cluster, int silence_s, int limit,
		  struct store_k8s_app **ret_apps, size_t *ret_count, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	struct number silence_text, limit_text;
	const char *params[] = { cluster, number_text(&silence_text, silence_s), number_text(&limit_text, limit) };

	if (!store_run(store, STATEMENT_K8S_APP_DUE, params, &result, err))
		return false;
	*ret_count = (size_t)PQntuples(result);
	*ret_apps = arena_alloc(arena, *ret_count * sizeof((*ret_apps)[0]) + 1);
	for (size_t row = 0; row < *ret_count; row++)
		read_app(arena, result, (int)row, &(*ret_apps)[row]);
	return true;
}

bool
store_k8s_app_look_later(struct store *store, int64_t id, int delay_s, struct err *err)
{
	struct number id_text, delay_text;
	const char *params[] = { number_text(&id_text, id), number_text(&delay_text, delay_s) };
	bool found;

	return run_for(store, STATEMENT_K8S_APP_LOOK_LATER, params, &found, err);
}
