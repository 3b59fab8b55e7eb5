/*
 * operator/reconcile.h - one application from what was seen to what is to be: decides, and does it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OPERATOR_RECONCILE_H
#define OPERATOR_RECONCILE_H

#include "base/log.h"
#include "kube/kube.h"
#include "operator/seen.h"

/*
 * Goes on with one application until there is something to wait for; says in `seen` when it is due again. Failures are
 * logged, and tried again. Returns false when the API server is away: the others would fail as well.
 */
bool reconcile_application(struct kube *kube, struct log *log, struct seen *seen, struct seen_entry *entry);

#endif
