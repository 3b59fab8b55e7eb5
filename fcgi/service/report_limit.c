/* SPDX-License-Identifier: Apache-2.0 */
#include "service/report_limit.h"

#include "base/clock.h"
#include "store/report_store.h"

/* By so much a transaction may outlast its limit. */
#define LOOK_MS 5000

void
report_limit_step(struct app *app, int64_t *due_ms)
{
	int64_t now_ms = clock_monotonic_ms(), sessions = 0;
	struct err err = ERR_INIT;

	if (app->config.watcher_report_transaction_s == 0 || now_ms < *due_ms)
		return;
	*due_ms = now_ms + LOOK_MS;
	if (!store_end_reports(app->store, app->config.watcher_report_transaction_s, &sessions, &err))
		log_failure(&app->log, LOG_LEVEL_WARNING, "long_reports_not_ended", &err);
	if (sessions > 0)
		log_event(&app->log, LOG_LEVEL_WARNING, "long_reports_ended", LOG_INT("sessions", sessions),
			  LOG_INT("limit_s", app->config.watcher_report_transaction_s));
}
