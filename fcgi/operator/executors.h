/*
 * operator/executors.h - the executor pods of one application, as far as its status tells of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPERATOR_EXECUTORS_H
#define OPERATOR_EXECUTORS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"

struct executor;                /* a list of them; NULL is the empty one */

void executors_see(struct executor **executors, struct json_object *pod, bool is_deleted);
void executors_free(struct executor **executors);

/* Of the attempt with this id: pod name -> state; the arena's. */
struct json_object *executors_states(struct arena *arena, const struct executor *executors, const char *submission_id);

#endif
