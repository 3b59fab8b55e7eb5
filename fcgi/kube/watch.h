/*
 * kube/watch.h - one watch on a collection of the Kubernetes API.
 * Knows the API server's HTTP and JSON; nothing of batches.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KUBE_WATCH_H
#define KUBE_WATCH_H

#include "kube/kube.h"

enum kube_event_kind { KUBE_ADDED, KUBE_MODIFIED, KUBE_DELETED, KUBE_BOOKMARK };

struct kube_event {
	enum kube_event_kind kind;
	struct json_object *object;     /* borrowed until the next call on this watch */
};

struct kube_watch;

/*
 * Prepares a watch that begins after `version` (always one from a list or an event: a watch without one fails on some
 * servers). Nothing is sent before the first kube_watch_next(). `kube` outlives the watch.
 */
MUST_CHECK bool kube_watch_new(struct kube *kube, const char *path, const char *query, const char *version,
			       struct kube_watch **ret_watch, struct err *err);
void kube_watch_free(struct kube_watch *watch);

/*
 * Waits for the next event, `timeout_ms` at most; 0 only looks. Returns early, with ERR_TIMEOUT, when `wake_fd`
 * (>= 0) becomes readable, so that one thread can wait for PostgreSQL's notifications as well.
 *
 * The server ends a watch after kube.watch_timeout_s; it is then resumed from the newest version seen (events and
 * bookmarks), invisibly. A stream that stays silent beyond that limit is dropped and resumed: TCP does not always say
 * that the other side is gone.
 *
 * Source: Kubernetes API concepts, "Efficient detection of changes": the server forgets old versions and says 410, as
 * a status or inside an ERROR event under HTTP 200; resuming is then pointless and the caller lists anew.
 *
 * ret_event  written on success only
 * err        ERR_TIMEOUT (nothing came), ERR_GONE (list anew), ERR_UNAVAILABLE (call again, it resumes; the caller
 *            waits a little first), ERR_UNAUTHORIZED, ERR_FORBIDDEN
 */
MUST_CHECK bool kube_watch_next(struct kube_watch *watch, int timeout_ms, int wake_fd, struct kube_event *ret_event,
				struct err *err);

/*
 * What to wait for when another watch is to end this one's wait: a descriptor for the other's wake_fd, or -1 while this
 * one's connection is being made, which is to be asked again soon. Everything that had come must have been taken by
 * kube_watch_next() before: bytes that are read already make no descriptor readable.
 */
int kube_watch_fd(const struct kube_watch *watch);

/* Has the server answered, and is the stream still there? Until it has, no event does not mean that nothing happens. */
bool kube_watch_is_open(struct kube_watch *watch);

/* The newest version seen, borrowed: where another watch could go on. */
const char *kube_watch_version(const struct kube_watch *watch);

#endif
