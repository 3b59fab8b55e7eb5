/*
 * operator/ids.h - the names of everything that one attempt to run an application makes. No I/O.
 * SPDX-License-Identifier: Apache-2.0
 *
 * All names follow from the application's uid, the attempt's number and the spec that it is made from, so that an
 * operator that was killed half-way, or a second one that works at the same time, makes the same objects again, and
 * finds them. A submissionID can be read again: it is the operator's memory of what an attempt was made from, kept
 * where the attempt itself is, in the status and on the pods.
 */
#ifndef OPERATOR_IDS_H
#define OPERATOR_IDS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "crd/submission.h"

struct submission_origin {
	int attempt;
	uint32_t generation;            /* of the object; its last 24 bits */
	uint32_t spec_mark;             /* operator/spec_mark.h */
};

/*
 * Of an attempt from the spec as it is now.
 *
 * attempt  from 1: the value that status.submissionAttempts has when the attempt was made; 0: none yet
 * ret_ids  the arena's
 * err      ERR_INVALID: the object's uid is no UUID, or it has no name
 */
MUST_CHECK bool operator_ids(struct arena *arena, struct json_object *application, int attempt,
			     struct submission_ids *ret_ids, struct err *err);

/* false: it is no id that this operator gave to an attempt of this application */
bool operator_read_id(struct json_object *application, const char *submission_id, struct submission_origin *ret_origin);

/*
 * Is the spec another one than that attempt's, in what an attempt is made from? Both must differ, its generation, which
 * also counts what runs nothing again, and its mark, which also a new definition of the resource may change, as it
 * takes fields away that it does not know.
 */
bool operator_spec_is_changed(struct json_object *application, const struct submission_origin *origin);

/*
 * Is that the id of an attempt after this one? Then what was seen of the application is old: the pod of such an
 * attempt is another operator's, or one's own of a moment ago, and not in the way.
 */
bool operator_is_later(struct json_object *application, const char *submission_id, int attempt);

#endif
