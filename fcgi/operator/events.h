/*
 * operator/events.h - Kubernetes Events of applications, for people: kubectl describe sparkapplication shows them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Reasons and messages are the Kubeflow operator's (its internal/controller/sparkapplication/controller.go). They are
 * written behind the acts, by one thread with one connection, so that they cost little where the API server is busy; when
 * more come than it can write, and when one is refused, they are lost. Nothing but people reads them.
 */
#ifndef OPERATOR_EVENTS_H
#define OPERATOR_EVENTS_H

#include "base/arena.h"
#include "base/json.h"
#include "base/log.h"
#include "config/config.h"

struct events;

MUST_CHECK bool events_new(const struct config *config, const struct config_cluster *cluster, struct log *log,
			   struct events **ret_events, struct err *err);
/* Waits for the call under way; what waits is lost. */
void events_free(struct events *events);

/* Tells what a new status says beyond the one before it, NULL for none. Any thread may call it; it never waits. */
void events_tell(struct events *events, struct arena *arena, struct json_object *application, struct json_object *before,
		 struct json_object *status);

#endif
