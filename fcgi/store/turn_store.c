/* SPDX-License-Identifier: Apache-2.0 */
#include "store/turn_store.h"

#include <stdlib.h>

#include "store/store_priv.h"

bool
store_turn_give(struct store *store, struct arena *arena, const char *cluster, const char *limits, int most,
		int64_t **ret_ids, size_t *ret_count, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	struct number number;
	const char *params[] = { cluster, limits, number_text(&number, most) };
	size_t count;

	if (!store_run(store, STATEMENT_BATCH_TURN_GIVE, params, &result, err))
		return false;
	count = (size_t)PQntuples(result);
	*ret_ids = arena_alloc(arena, count * sizeof(**ret_ids) + 1);
	*ret_count = count;
	for (size_t row = 0; row < count; row++)
		(*ret_ids)[row] = strtoll(store_value(result, (int)row, "id"), NULL, 10);
	return true;
}

bool
store_turn_explain(struct store *store, struct arena *arena, int64_t id, const char *limits, const char **ret_message,
		   struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	struct number number;
	const char *params[] = { number_text(&number, id), limits };

	if (!store_run(store, STATEMENT_BATCH_TURN_EXPLAIN, params, &result, err))
		return false;
	*ret_message = arena_strdup(arena, store_value(result, 0, "message"));
	return true;
}
