/*
 * operator/reconcile.h - one application from what was seen to what is to be: decides, and does it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPERATOR_RECONCILE_H
#define OPERATOR_RECONCILE_H

#include "base/log.h"
#include "kube/kube.h"
#include "operator/events.h"
#include "operator/lease.h"
#include "operator/seen.h"

/* What one needs who reconciles. */
struct reconciler {
	struct kube *kube;              /* his alone */
	struct log *log;
	const struct lease *lease;
	struct events *events;
	struct seen *seen;
};

/*
 * Goes on with one application until there is something to wait for, or the lease is not held any more; says in `seen`
 * when it is due again, and that all wait for a while when the API server is away or overloaded. Failures are logged,
 * and tried again.
 */
void reconcile_application(const struct reconciler *reconciler, struct seen_entry *entry);

#endif
