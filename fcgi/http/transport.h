/*
 * http/transport.h - FastCGI through libfcgi, and plain CGI. The only room that sees libfcgi.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HTTP_TRANSPORT_H
#define HTTP_TRANSPORT_H

#include <signal.h>
#include <stdbool.h>

#include "http/request.h"
#include "http/response.h"

/* Answers one request; the arena ends after the answer was sent. */
typedef void (*transport_handler)(void *context, struct arena *arena, const struct request *request,
				  struct response *response);

/*
 * Before all others, and before signal handlers are set: libfcgi takes SIGUSR1 for itself, and supervisors (multiwatch)
 * send it to end a process in good order.
 */
bool transport_init(void);

/* Was the process started as a CGI program (no listening socket on descriptor 0)? */
bool transport_is_cgi(void);

/* One request from the environment and standard input, the answer to standard output. */
bool transport_cgi_serve(transport_handler handler, void *context);

/*
 * Serves requests from the listening socket on `listen_fd` until *stop is set (by a signal) or the socket fails. The
 * request under way is always finished.
 */
bool transport_fcgi_serve(int listen_fd, transport_handler handler, void *context, const volatile sig_atomic_t *stop);

/*
 * Opens a listening socket: "unix:/path" or "/path", or "127.0.0.1:9000". Returns -1 with errno set.
 * Mostly a supervisor has done it (spawn-fcgi, systemd) and it is descriptor 0.
 */
int transport_fcgi_listen(const char *address);

#endif
