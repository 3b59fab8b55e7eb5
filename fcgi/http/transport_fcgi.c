/* SPDX-License-Identifier: Apache-2.0 */
#include "http/transport.h"

#include <errno.h>
#include <fcgiapp.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/limits.h"

/* Waiting connections; more than nginx keeps open towards one worker pool by default. */
#define BACKLOG 1024

static size_t
fcgi_read(void *context, char *bytes, size_t size_bytes)
{
	FCGX_Request *fcgi = context;
	int got = FCGX_GetStr(bytes, (int)size_bytes, fcgi->in);

	return got > 0 ? (size_t)got : 0;
}

static void
fcgi_answer(FCGX_Request *fcgi, const struct request *request, const struct response *response)
{
	AUTO_BUF struct buf head;

	buf_init(&head, LIMIT_HEAD_BYTES);
	response_head(response, &head);
	/* Failing writes mean that nginx hung up: nobody is left to tell. */
	FCGX_PutStr(buf_str(&head), (int)head.size_bytes, fcgi->out);
	if (request->method != HTTP_HEAD)
		FCGX_PutStr(buf_str(&response->body), (int)response->body.size_bytes, fcgi->out);
}

/*
 * Before it closes a connection libfcgi tells the front that nothing more comes, and waits for it to close first: bytes of
 * the request that nobody has read would make the front lose the answer. Where all of it was read that wait is for nothing;
 * it costs three system calls, and a worker that could answer the next one.
 */
static void
finish(FCGX_Request *fcgi)
{
	if (FCGX_HasSeenEOF(fcgi->in) != 0 && FCGX_GetError(fcgi->in) == 0)
		FCGX_Detach(fcgi);
	FCGX_Finish_r(fcgi);
}

/*
 * A body ends by its Content-Length for us, and for FastCGI by an empty record behind it, which every front sends. What comes
 * there instead is left.
 */
static void
read_to_end(FCGX_Request *fcgi)
{
	char byte;

	if (FCGX_HasSeenEOF(fcgi->in) == 0)
		FCGX_GetStr(&byte, 1, fcgi->in);
}

static void
serve_one(FCGX_Request *fcgi, transport_handler handler, void *context)
{
	const struct request_source source = { (const char *const *)fcgi->envp, fcgi, fcgi_read };
	struct response response;
	struct request request;
	struct arena arena;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	request_read(&request, &arena, &source);
	read_to_end(fcgi);
	response_init(&response, request.request_id);
	handler(context, &arena, &request, &response);
	FAILPOINT("answer.ready");
	fcgi_answer(fcgi, &request, &response);
	finish(fcgi);
	FAILPOINT("answer.written");
	response_release(&response);
	arena_release(&arena);
}

bool
transport_init(void)
{
	return FCGX_Init() == 0;
}

bool
transport_is_cgi(void)
{
	return FCGX_IsCGI();
}

int
transport_fcgi_listen(const char *address)
{
	if (strncmp(address, "unix:", 5) == 0)
		address += 5;
	return FCGX_OpenSocket(address, BACKLOG);
}

bool
transport_fcgi_serve(int listen_fd, transport_handler handler, void *context, const volatile sig_atomic_t *stop)
{
	FCGX_Request fcgi;

	if (FCGX_InitRequest(&fcgi, listen_fd, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		return false;
	while (!*stop) {
		int result = FCGX_Accept_r(&fcgi);

		if (result == 0)
			serve_one(&fcgi, handler, context);
		else if (!*stop && errno != EINTR && errno != EAGAIN && errno != ECONNABORTED && errno != 0)
			return false;
	}
	FCGX_Free(&fcgi, 1);
	return true;
}
