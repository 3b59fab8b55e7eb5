/*
 * store/turn_store.h - batches that wait for their turn by the limits of their cluster. Errors: see store/store.h.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Limits are JSON, as sql/schema/0010_limits.sql tells; NULL: the cluster has none.
 */
#ifndef STORE_TURN_STORE_H
#define STORE_TURN_STORE_H

#include "base/arena.h"
#include "store/store.h"

/* Lets the next ones run, `most` of them; ret_ids is the arena's. */
MUST_CHECK bool store_turn_give(struct store *store, struct arena *arena, const char *cluster, const char *limits, int most,
				int64_t **ret_ids, size_t *ret_count, struct err *err);

/* What a batch waits for just now, for people; NULL: it waits no more. */
MUST_CHECK bool store_turn_explain(struct store *store, struct arena *arena, int64_t id, const char *limits,
				   const char **ret_message, struct err *err);

#endif
