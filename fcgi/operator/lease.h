/*
 * operator/lease.h - a Lease of coordination.k8s.io: one operator works in a namespace, the others wait.
 * SPDX-License-Identifier: Apache-2.0
 *
 * It saves work and log lines; that nothing runs twice does not hang on it (operator/decide.h).
 */
#ifndef OPERATOR_LEASE_H
#define OPERATOR_LEASE_H

#include <stdbool.h>

#include "kube/kube.h"

#define LEASE_NAME "sparkgate-operator"

struct lease;

struct lease *lease_new(struct kube *kube);
/* Gives it back if it is held, so that the next one need not wait. */
void lease_free(struct lease *lease);

/* Is it held? Asks nobody: it was renewed so lately that no other can have taken it. Any thread may call it. */
bool lease_is_held(const struct lease *lease);

/*
 * Takes or renews it, if that is due.
 * Source: client-go's leader election: a holder is gone when its record has not changed for its whole duration by the
 * clock of whoever waits, so that clocks need not agree. A holder whose process has ended on this very machine is not
 * waited for.
 * Returns false with an err when the API server could not be asked; then lease_is_held() may still be true for a while.
 */
MUST_CHECK bool lease_keep(struct lease *lease, struct err *err);

/* Who holds it, as far as is known; "" for nobody. */
const char *lease_holder(const struct lease *lease);

#endif
