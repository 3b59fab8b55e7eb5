/*
 * service/waiting.h - batches whose driver does not run although it should: Kubernetes is asked why.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_WAITING_H
#define SERVICE_WAITING_H

#include "service/app.h"

/* Where the round of all waiting batches is; zeroed at the start. */
struct waiting {
	int64_t after_id;
	int64_t round_began_ms;
};

/* Looks at a few of them and writes what Kubernetes says into their messages. */
void waiting_explain(struct app *app, struct app_cluster *cluster, struct waiting *waiting);

#endif
