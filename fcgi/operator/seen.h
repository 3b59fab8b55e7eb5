/*
 * operator/seen.h - what the watches have brought: applications with their pods, and which of them are to be looked at.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A memory for speed only; it is thrown away and made anew by each list. Objects are kept as short texts: some 3 KB an
 * application and 1 KB a driver pod, where parsed trees take five times that.
 */
#ifndef OPERATOR_SEEN_H
#define OPERATOR_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"

struct seen;

/* One application, or pods that came before theirs. */
struct seen_entry;

struct seen *seen_new(void);
void seen_free(struct seen *seen);

/* What an event or a list says. The application, or the one that the pod belongs to, is due at once. */
void seen_application(struct seen *seen, struct json_object *application, bool is_deleted);
void seen_pod(struct seen *seen, struct json_object *pod, bool is_deleted);

/* The next entry that is due, or NULL. It is not due any more then, unless seen_again() or an event says so. */
struct seen_entry *seen_next(struct seen *seen, int64_t now_ms);
/* How long nothing is due, `limit_ms` at most. */
int seen_wait_ms(const struct seen *seen, int64_t now_ms, int limit_ms);
/* Due at that time (of seen_next()'s clock); the earlier of two counts, INT64_MAX is never. */
void seen_again(struct seen *seen, struct seen_entry *entry, int64_t due_ms);

/* The parsed objects, the arena's; NULL when there is none. */
struct json_object *seen_parse_application(struct arena *arena, const struct seen_entry *entry);
struct json_object *seen_parse_driver(struct arena *arena, const struct seen_entry *entry);
/* Of the attempt with this id: pod name -> state; the arena's. */
struct json_object *seen_executors(struct arena *arena, const struct seen_entry *entry, const char *submission_id);

/* What a call has answered: newer than what the watch has brought so far. Nothing becomes due by it. */
void seen_set_application(struct seen *seen, struct seen_entry *entry, struct json_object *application);
void seen_set_driver(struct seen *seen, struct seen_entry *entry, struct json_object *pod);        /* NULL: gone */

/*
 * The uid of the pod whose gate was opened last, "" for none: the watch may still bring the pod as it was before that.
 */
const char *seen_released(const struct seen_entry *entry);
void seen_set_released(struct seen_entry *entry, const char *uid);

/* True the first time: so that a log line comes once. */
bool seen_first_told(struct seen_entry *entry);

size_t seen_count(const struct seen *seen);

#endif
