/* SPDX-License-Identifier: Apache-2.0 */
#include "store/listen.h"

#include <stdio.h>
#include <string.h>

#include "store/store_priv.h"

static bool
listen_for(struct store *store, const char *cluster, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	char text[64];

	/* LISTEN takes no parameters; cluster names are [a-z][a-z0-9]* by the configuration's check. */
	snprintf(text, sizeof(text), "LISTEN \"sparkgate_%s\"", cluster);
	return store_run_text(store, text, NULL, 0, 5000, &result, err);
}

bool
store_lease_try(struct store *store, const char *cluster, bool *ret_leased, struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	const char *params[] = { cluster };

	/* Two watchers that share one session would both have the lock. */
	if (!store_own_session(store, "a watcher", err) || !store_run(store, STATEMENT_LEASE_TRY, params, &result, err))
		return false;
	*ret_leased = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
	return !*ret_leased || listen_for(store, cluster, err);
}

int
store_wake_fd(const struct store *store)
{
	PGconn *conn = store_connection(store);

	return conn == NULL ? -1 : PQsocket(conn);
}

bool
store_drain(struct store *store)
{
	PGconn *conn = store_connection(store);
	PGnotify *notification;
	bool any = false;

	if (conn == NULL || !PQconsumeInput(conn))
		return false;
	while ((notification = PQnotifies(conn)) != NULL) {
		PQfreemem(notification);
		any = true;
	}
	return any;
}

bool
store_watch_note(struct store *store, const char *cluster, const char *watcher, const char *what, const char *error,
		 struct err *err)
{
	AUTO_PGRESULT PGresult *result = NULL;
	const char *params[] = { cluster, watcher, what, error };

	return store_run(store, STATEMENT_CLUSTER_WATCH_NOTE, params, &result, err);
}
