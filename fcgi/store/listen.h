/*
 * store/listen.h - what only a watcher needs: the lease of a cluster, and being told of work. Errors: see store/store.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_LISTEN_H
#define STORE_LISTEN_H

#include "store/store.h"

/*
 * Tries to become the one watcher of a cluster. The lease lasts as long as the connection (store_generation()); with it
 * comes LISTEN for the cluster's notifications.
 */
MUST_CHECK bool store_lease_try(struct store *store, const char *cluster, bool *ret_leased, struct err *err);

/* A descriptor that becomes readable when a notification may have come; -1 when not connected. */
int store_wake_fd(const struct store *store);

/* Forgets the notifications that came; true when there was one. */
bool store_drain(struct store *store);

/* Notes for people and metrics: `what` is "leased", "synced" or "heard"; error may be NULL. */
MUST_CHECK bool store_watch_note(struct store *store, const char *cluster, const char *watcher, const char *what,
				 const char *error, struct err *err);

#endif
