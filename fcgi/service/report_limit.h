/*
 * service/report_limit.h - who reads reports does not hold the service up for long.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SERVICE_REPORT_LIMIT_H
#define SERVICE_REPORT_LIMIT_H

#include "service/app.h"

/*
 * For the watcher's loop to take again and again: ends sessions of the role sparkgate_report whose transaction is older than
 * watcher.report_transaction_s, looking for them every few seconds. Failures are logged and tried again.
 *
 * due_ms  when it looks again, monotonic; begins as 0
 */
void report_limit_step(struct app *app, int64_t *due_ms);

#endif
