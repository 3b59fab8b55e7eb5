/*
 * service/health.h - which clusters are up, as their watchers have written down.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_HEALTH_H
#define SERVICE_HEALTH_H

#include "service/app.h"
#include "store/cluster_store.h"

/* Of what is known of one cluster (NULL: no watcher ever followed it): no error, and a word of it not too long ago. */
bool health_is_up(const struct config *config, const struct store_cluster *seen);

/* Why it is not up, for people; the arena's. NULL: it is. */
const char *health_reason(struct arena *arena, const struct config *config, const struct store_cluster *seen);

/* Unfinished batches of clusters that the configuration does not have: they wait until it has them again. */
MUST_CHECK bool health_missing(struct store *store, struct arena *arena, const struct config *config,
			       struct store_cluster_load **ret_missing, size_t *ret_count, struct err *err);

/* What is known of that cluster among seen[count]; NULL: nothing. */
const struct store_cluster *health_known(const struct store_cluster *seen, size_t count, const char *cluster);

/* Reads is_up of all clusters, at most once a second. */
MUST_CHECK bool health_refresh(struct app *app, struct arena *arena, struct err *err);

/*
 * This process found nobody there, after took_ms: for some seconds it gives new batches to others, before the watcher says
 * so, and leaves the pushes of those that have nowhere else to go to the watcher, which tries all the time.
 */
void health_note_unreachable(struct app_cluster *cluster, int64_t took_ms, const struct err *why);
void health_note_reached(struct app_cluster *cluster);

/* Why new batches are not pushed just now, for people, and since when that is known; NULL: they are. */
const char *health_put_off(const struct app_cluster *cluster, int64_t *ret_age_ms);

#endif
