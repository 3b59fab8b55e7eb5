/*
 * service/query.h - reading the ledger. Never touches a cluster.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_QUERY_H
#define SERVICE_QUERY_H

#include "batch/access.h"
#include "batch/batch.h"
#include "service/app.h"
#include "store/list_store.h"

/*
 * The batch that a path names: all digits are an id, anything else a name (contract livy.md 1.1).
 * err  ERR_NOT_FOUND in Livy's words, ERR_FORBIDDEN, ERR_INVALID (more digits than an id can have)
 */
MUST_CHECK bool query_batch(struct app *app, struct arena *arena, const char *id_or_name, enum access access,
			    const char *user, struct batch *ret_batch, struct err *err);

/* The same for who asks for nothing but its shown state: other fields may be left empty (store_show_state). */
MUST_CHECK bool query_state(struct app *app, struct arena *arena, const char *id_or_name, enum access access,
			    const char *user, struct batch *ret_batch, struct err *err);

struct query_page {
	int64_t next;                   /* the position of the next page of a filtered list, 0: none */
	struct batch *batches;          /* batches[batches_count], the arena's */
	size_t batches_count;
	int64_t total;
};

/* Livy's page: items max(from, 0) up to from + size exclusive, at most LIMIT_PAGE_BATCHES. */
MUST_CHECK bool query_list(struct app *app, struct arena *arena, int64_t from, int64_t size, struct query_page *ret_page,
			   struct err *err);

/* A page of a filtered list; total is -1 where it would have to be counted. */
MUST_CHECK bool query_filtered(struct app *app, struct arena *arena, const struct store_list_filter *filter,
			       struct query_page *ret_page, struct err *err);

#endif
