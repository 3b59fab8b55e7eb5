/*
 * store/store_priv.h - what only the files of this room share.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

#include <libpq-fe.h>
#include <stdint.h>

#include "base/text.h"
#include "batch/batch.h"
#include "store/statements.h"
#include "store/store.h"

#define AUTO_PGRESULT AUTO(store_clear_result)
void store_clear_result(PGresult **result);

/*
 * Runs a prepared statement with text parameters (params[statements[id].params_count]; NULL is SQL's null).
 * ret_result  PGRES_TUPLES_OK, the caller's to clear
 * err         also ERR_EXISTS with the constraint's name in msg
 */
MUST_CHECK bool store_run(struct store *store, enum statement_id id, const char *const *params, PGresult **ret_result,
			  struct err *err);

/* What a statement with a column full_of refuses, with the client's words and when to try again; false. */
bool store_full(const PGresult *result, struct err *err);

/* The connection, made if there is none; for LISTEN and migrations. */
MUST_CHECK bool store_connect(struct store *store, struct err *err);
PGconn *store_connection(const struct store *store);

/*
 * For locks, LISTEN and settings that outlast a transaction: is there a session of PostgreSQL that is this connection's alone?
 * A pooler gives its clients process ids of its own making, which tells it.
 *
 * what  is named in err: ERR_CONFLICT where there is a pooler, whichever its mode
 */
MUST_CHECK bool store_own_session(struct store *store, const char *what, struct err *err);

/* Runs text that is no prepared statement; limit_ms 0: as long as it takes. */
MUST_CHECK bool store_run_text(struct store *store, const char *text, const char *const *params, int params_count,
			       int limit_ms, PGresult **ret_result, struct err *err);

/* The same, of which only that it was done is of interest; it takes as long as it takes. */
MUST_CHECK bool store_do(struct store *store, const char *text, struct err *err);

/* A number as a parameter; the text is the struct's. */
struct number {
	char text[TEXT_INT_BYTES];
};
const char *number_text(struct number *number, int64_t value);

/* A column's text by name, or NULL when it is null or not in the result. */
const char *store_value(const PGresult *result, int row, const char *column);

/* A column's number by name; 0 when it is null or not in the result. */
int64_t store_number(const PGresult *result, int row, const char *column);

/* Whether a boolean column is true; false when it is null or not in the result. */
bool store_true(const PGresult *result, int row, const char *column);

/* Runs a statement whose first row has a number in `column`. */
MUST_CHECK bool store_count(struct store *store, enum statement_id id, const char *const *params, const char *column,
			    int64_t *ret_count, struct err *err);

/* PostgreSQL's ISO style in UTC, "2026-11-21 12:00:00.5+00", as ISO 8601 with six digits; the arena's. NULL of NULL. */
const char *store_time(struct arena *arena, const char *text);

/*
 * Runs a statement that answers one batch or none.
 * err  also ERR_NOT_FOUND, with an empty msg
 */
MUST_CHECK bool store_one_batch(struct store *store, struct arena *arena, enum statement_id id, const char *const *params,
				struct batch *ret_batch, struct err *err);

/* One row of a result with the columns of batch_brief. */
void store_read_batch(struct arena *arena, const PGresult *result, int row, struct batch *ret_batch);

/* All rows of a result with the columns of batch_brief. */
void store_read_batches(struct arena *arena, const PGresult *result, struct batch **ret_batches, size_t *ret_count);

#endif
