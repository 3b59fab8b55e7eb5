/*
 * batch/retry.h - running a batch again that has failed: what a client may ask for, and when it is due. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BATCH_RETRY_H
#define BATCH_RETRY_H

#include "base/arena.h"
#include "base/err.h"
#include "batch/batch.h"
#include "batch/lifecycle.h"

/* Each run leaves an object until retention takes all of them. */
#define BATCH_RETRY_MAX 100
#define BATCH_RETRY_INTERVAL_S 10
#define BATCH_RETRY_INTERVAL_MAX_S 86400

/* What can be tried again: the driver, or its submission, failed by itself. */
#define BATCH_RETRY_ANY                                                                                                  \
	(BATCH_REASON_BIT(BATCH_EXIT_CODE) | BATCH_REASON_BIT(BATCH_OUT_OF_MEMORY) | BATCH_REASON_BIT(BATCH_EVICTED) |   \
	 BATCH_REASON_BIT(BATCH_DRIVER_LOST) | BATCH_REASON_BIT(BATCH_FAILED) | BATCH_REASON_BIT(BATCH_SUBMISSION_FAILED))

/* spark.sparkgate.retry.max, .interval and .on. */
extern const char *const batch_retry_keys[];
extern const size_t batch_retry_keys_count;

/*
 * Takes these properties out of an order.
 * err  ERR_INVALID: names the key and what would be right
 */
MUST_CHECK bool batch_retry_take(struct batch_order *order, struct batch_retry *ret_retry, struct err *err);

/* Is its driver run again by its operator, without end, whichever door it came by? */
bool batch_is_supervised(const struct batch_order *order);

/* "exit_code,evicted"; false for a word that is none of them, and for none at all. */
MUST_CHECK bool batch_retry_reasons_parse(const char *text, unsigned *ret_reasons);
/* The arena's. */
const char *batch_retry_reasons_text(struct arena *arena, unsigned reasons);

/* Is the batch to be run again, instead of this end? */
bool batch_retry_is_due(const struct batch *batch, const struct batch_move *move);

#endif
