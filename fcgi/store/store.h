/*
 * store/store.h - one connection to PostgreSQL that comes back by itself. The only room that sees libpq.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every wait is bounded: connecting by database.connect_timeout_ms, a statement by database.statement_timeout_ms (here
 * and, as statement_timeout, in the server). A connection that breaks is made anew and the statement repeated once:
 * each statement is written so that repeating it is harmless.
 *
 * Errors of all calls of this room, besides those they name:
 *   ERR_UNAVAILABLE  PostgreSQL is away, starting, full, read-only or refuses us; repeating later helps
 *   ERR_TIMEOUT      a limit passed; whether a write was done is unknown, repeating it is harmless
 *   ERR_INTERNAL     a statement is wrong: a fault of ours; SQLSTATE and libpq's text in detail
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"

struct store;

/* Connects with the first statement. program: libpq's application_name, e.g. "sparkgate-worker"; borrowed. */
struct store *store_new(const struct config *config, const char *program);
void store_free(struct store *store);

/* Is PostgreSQL there and its schema the one that this program was built for? ERR_UNAVAILABLE says which is not. */
MUST_CHECK bool store_ready(struct store *store, struct err *err);

/* The key of this gateway's database, allocated in the arena. */
MUST_CHECK bool store_gateway_key(struct store *store, struct arena *arena, const char **ret_key, struct err *err);

/* Counts connections made; a lease or LISTEN made on another one is lost. */
uint64_t store_generation(const struct store *store);

/* How many statements have failed since the last call. */
uint64_t store_take_failures(struct store *store);

/*
 * Prometheus gauges of what the database knows: unfinished batches, pushes owed, silent watchers.
 * queues  JSON, {"CLUSTER": ["QUEUE", ...]}: those that are counted by name, for clients may ask for any
 */
MUST_CHECK bool store_metrics(struct store *store, const char *queues, struct buf *text, struct err *err);

#endif
