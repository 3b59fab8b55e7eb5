/*
 * batch/validate.h - which orders are acceptable, and why not. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BATCH_VALIDATE_H
#define BATCH_VALIDATE_H

#include "base/arena.h"
#include "base/err.h"
#include "batch/batch.h"

/*
 * Checks everything that can be judged without a server, but for the places of files, and tidies the conf: keys that the
 * gateway or the operator manages are dropped (spark.master, ...). Words of Livy's own refusals are kept (contract livy.md section 2).
 *
 * order  changed in place: order->conf loses dropped keys
 * err    ERR_INVALID or ERR_FORBIDDEN; msg names the field and the remedy
 */
MUST_CHECK bool batch_validate(struct batch_order *order, struct err *err);

/*
 * The same of the places of its files, which the cluster may have changed by then (batch/file_mapping.h).
 * err  ERR_INVALID
 */
MUST_CHECK bool batch_validate_uris(const struct batch_order *order, struct err *err);

/* Takes the value of a key out of the conf, or NULL. For keys that have a home of their own in the object. */
const char *batch_pairs_take(struct batch_pairs *pairs, const char *key);

/* Does the key look as if its value were a secret? By parts of its name, as spark.redaction.regex does, and more. */
bool batch_key_is_secret(const char *key);

/* The text that stands in place of a secret; the same as in Spark's own UI. */
#define BATCH_REDACTED "*********(redacted)"

#endif
