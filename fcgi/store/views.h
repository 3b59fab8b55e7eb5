/*
 * store/views.h - schema report, and the role that may read it: made anew when this program has other views.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_VIEWS_H
#define STORE_VIEWS_H

#include "base/err.h"
#include "base/log.h"
#include "store/store.h"

/*
 * Makes the schema from sql/views unless its comment has their checksum, makes the role where the user of the database may
 * do so (else the log has what an administrator is to run), and grants it the schema. Under the lock of store_migrate(),
 * after its migrations; repeating it is harmless.
 *
 * err  ERR_INTERNAL with PostgreSQL's words in detail: somebody's own views use these, for instance
 */
MUST_CHECK bool store_make_views(struct store *store, const struct log *log, struct err *err);

#endif
