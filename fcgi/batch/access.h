/*
 * batch/access.h - what a caller may do with a batch. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BATCH_ACCESS_H
#define BATCH_ACCESS_H

#include "batch/batch.h"

enum access {
	ACCESS_PUBLIC,          /* no caller needed: health and metrics */
	ACCESS_CALLER,          /* anybody who may call at all */
	ACCESS_VIEW,            /* reading what a batch printed */
	ACCESS_MODIFY,          /* ending it */
};

/* An anonymous caller (no authentication is configured) may do everything; others what is theirs. user may be NULL. */
bool access_allowed(enum access access, const struct batch *batch, const char *user);

#endif
