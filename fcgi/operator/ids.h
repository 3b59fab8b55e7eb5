/*
 * operator/ids.h - the names of everything that one attempt to run an application makes. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All names follow from the application's uid and the attempt's number, so that an operator that was killed half-
 * way, or a second one that works at the same time, makes the same objects again, and finds them.
 */
#ifndef OPERATOR_IDS_H
#define OPERATOR_IDS_H

#include "base/arena.h"
#include "base/err.h"
#include "crd/submission.h"

/*
 * attempt  from 1: the value that status.submissionAttempts has when the attempt was made
 * ret_ids  the arena's
 * err      ERR_INVALID: the object's uid is no UUID, or it has no name
 */
MUST_CHECK bool operator_ids(struct arena *arena, struct json_object *application, int attempt,
			     struct submission_ids *ret_ids, struct err *err);

#endif
