/*
 * operator/seen.h - what the watches have brought: applications with their pods, and which of them are to be looked at.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A memory for speed only; it is thrown away and made anew by each list. Objects are kept as short texts: some 3 KB an
 * application and 1 KB a driver pod, where parsed trees take five times that.
 *
 * One thread brings what the watches say, several take what is due. An entry is its taker's alone until he gives it
 * back: what is brought of it meanwhile waits, because what the taker's calls have answered comes before it. So one
 * application is never worked on by two.
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
void seen_free(struct seen *seen);      /* when nobody takes any more */

/*
 * What an event or a list says. The application, or the one that the pod belongs to, is due at once, unless what is
 * said is known from a call's answer.
 */
void seen_application(struct seen *seen, struct json_object *application, bool is_deleted);
void seen_pod(struct seen *seen, struct json_object *pod, bool is_deleted);

/* The next entry that is due; waits for one. NULL: seen_close() was called. It is not due any more then. */
struct seen_entry *seen_take(struct seen *seen);
/* Gives it back. Due again at once when something has been brought of it meanwhile. */
void seen_give_back(struct seen *seen, struct seen_entry *entry);
/* Nothing is given to any taker for so long: the API server asks for it. The latest of several counts. */
void seen_pause(struct seen *seen, int wait_ms);
/* Nothing is given to any taker any more. */
void seen_close(struct seen *seen);

size_t seen_count(struct seen *seen);

/* ---- for the entry's taker ---- */

/* Due at that time (monotonic), once it is given back; the earlier of two counts. */
void seen_again(struct seen_entry *entry, int64_t due_ms);

/* The parsed objects, the arena's; NULL when there is none. */
struct json_object *seen_parse_application(struct arena *arena, const struct seen_entry *entry);
struct json_object *seen_parse_driver(struct arena *arena, const struct seen_entry *entry);
/* Of the attempt with this id: pod name -> state; the arena's. */
struct json_object *seen_executors(struct seen *seen, struct arena *arena, const struct seen_entry *entry,
				   const char *submission_id);

/* What a call has answered: newer than what the watch had brought before it was taken. Nothing becomes due by it. */
void seen_set_application(struct seen_entry *entry, struct json_object *application);
void seen_set_driver(struct seen_entry *entry, struct json_object *pod);        /* NULL: gone */

/*
 * The uid of the pod whose gate was opened last, "" for none: the watch may still bring the pod as it was before that.
 */
const char *seen_released(const struct seen_entry *entry);
void seen_set_released(struct seen_entry *entry, const char *uid);

/* True the first time: so that a log line comes once. */
bool seen_first_told(struct seen_entry *entry);

#endif
