/*
 * store/migrate.h - brings the database to the schema that this program was built for.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"

/*
 * Applies the missing files of sql/schema in order, each in a transaction of its own, under an advisory lock, so that
 * any number of starting programs may call it at once; then the views of schema report. Repeating it is harmless.
 *
 * err  ERR_CONFLICT: a migration that was applied has another text than the one built in (somebody edited it), or the
 *      database has migrations that this program does not know (it was used by a newer one): nothing is changed then
 */
MUST_CHECK bool store_migrate(const struct config *config, const struct log *log, struct err *err);

/* The newest built-in version. */
int store_schema_version(void);
/* How many there are up to it: numbers may be left out. */
int store_schema_count(void);

#endif
