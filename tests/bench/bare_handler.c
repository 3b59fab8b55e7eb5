/*
 * bare_handler [CONNINFO] - the least that answers GET /batches/ID/state by FastCGI: what the gateway is measured
 * beside. With CONNINFO one prepared SELECT a request; without it the same answer for every id. Descriptor 0 is the
 * listening socket. No log, no checks, no limits: a lost database ends it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcgiapp.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static PGconn *
connect_and_prepare(const char *conninfo)
{
	PGconn *conn = PQconnectdb(conninfo);
	PGresult *result = PQprepare(conn, "state", "SELECT id, state FROM batch WHERE id = $1", 1, NULL);

	if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		fprintf(stderr, "bare_handler: %s", PQerrorMessage(conn));
		exit(1);
	}
	PQclear(result);
	return conn;
}

static void
answer_from(PGconn *conn, FCGX_Request *request)
{
	static const char prefix[] = "/batches/";
	const char *uri = FCGX_GetParam("REQUEST_URI", request->envp);
	char id[20] = "";
	const char *params[] = { id };
	PGresult *row;

	if (uri != NULL && strncmp(uri, prefix, sizeof(prefix) - 1) == 0)
		snprintf(id, sizeof(id), "%.*s", (int)strspn(uri + sizeof(prefix) - 1, "0123456789"),
			 uri + sizeof(prefix) - 1);
	row = PQexecPrepared(conn, "state", 1, params, NULL, NULL, 0);
	if (PQresultStatus(row) != PGRES_TUPLES_OK) {
		fprintf(stderr, "bare_handler: %s", PQerrorMessage(conn));
		exit(1);
	}
	if (PQntuples(row) == 1)
		FCGX_FPrintF(request->out, "Content-Type: application/json\r\n\r\n{\"id\":%s,\"state\":\"%s\"}",
			     PQgetvalue(row, 0, 0), PQgetvalue(row, 0, 1));
	else
		FCGX_FPrintF(request->out, "Status: 404\r\n\r\n");
	PQclear(row);
}

int
main(int argc, char **argv)
{
	PGconn *conn = argc > 1 ? connect_and_prepare(argv[1]) : NULL;
	FCGX_Request request;

	if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0)
		return 1;
	while (FCGX_Accept_r(&request) == 0) {
		if (conn != NULL)
			answer_from(conn, &request);
		else
			FCGX_FPrintF(request.out,
				     "Content-Type: application/json\r\n\r\n{\"id\":1,\"state\":\"success\"}");
		FCGX_Finish_r(&request);
	}
	return 0;
}
