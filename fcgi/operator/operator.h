/*
 * operator/operator.h - sparkgate-operator's loop for one cluster: lease, list, watch, reconcile.
 * SPDX-License-Identifier: Apache-2.0
 *
 * It turns SparkApplications of its class (label CRD_LABEL_OPERATOR) into driver pods and keeps their status. All
 * it knows is in the cluster; what it may do when, and why nothing runs twice or is lost, stands in
 * operator/decide.h. One thread follows the watches and the lease; several others work on what is due
 * (operator/reconcilers.h), and begin nothing while the lease is not held.
 */
#ifndef OPERATOR_OPERATOR_H
#define OPERATOR_OPERATOR_H

#include <signal.h>

#include "base/log.h"
#include "config/config.h"

/*
 * Works until *stop is set. Waits for the lease as long as another operator holds it, and survives the absence of
 * the API server. Returns false when it could not begin.
 */
MUST_CHECK bool operator_run(const struct config *config, const struct config_cluster *cluster, struct log *log,
			     const volatile sig_atomic_t *stop, struct err *err);

#endif
