/*
 * store/list_store.h - pages of filtered lists, whose cost grows neither with the ledger nor with their depth.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_LIST_STORE_H
#define STORE_LIST_STORE_H

#include "batch/batch.h"
#include "store/store.h"

/* Which batches; NULL means all of them. */
struct store_list_filter {
	bool has_states;
	bool states[BATCH_STATE_COUNT]; /* with has_states */
	bool has_protocol;
	enum batch_protocol protocol;   /* with has_protocol */
	const char *owner;
	const char *cluster;
	const char *name_prefix;
	const char *accepted_from;      /* ISO 8601, with its time zone */
	const char *accepted_before;
	bool newest_first;
	int64_t position;               /* the id that the page before ended at; 0: the first page */
	int limit;                      /* 1 to LIMIT_PAGE_BATCHES */
};

/*
 * ret_batches  with what a list shows of them (batch_shown)
 * ret_next     the position of the next page, 0 when there is none. A page with a next one may hold fewer than `limit`,
 *              even none: only so many batches are looked at for one page, however rare the wanted ones are.
 */
MUST_CHECK bool store_list_page(struct store *store, struct arena *arena, const struct store_list_filter *filter,
				struct batch **ret_batches, size_t *ret_count, int64_t *ret_next, struct err *err);

/* How many batches are listed in all. */
MUST_CHECK bool store_list_total(struct store *store, int64_t *ret_total, struct err *err);

/*
 * Counts what has come since, by which lists find their places: at most `limit` ids. Lists are right without it, but read
 * what is not counted yet.
 * ret_is_behind  there is more, and nothing to wait for
 */
MUST_CHECK bool store_list_settle(struct store *store, int limit, bool *ret_is_behind, struct err *err);

#endif
