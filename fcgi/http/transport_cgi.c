/* SPDX-License-Identifier: Apache-2.0 */
#include "http/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"

static size_t
cgi_read(void *context, char *bytes, size_t size_bytes)
{
	ssize_t got;

	(void)context;
	/* RFC 3875, 4.2: nothing may be read without a CONTENT_LENGTH; an interactive standard input would never end */
	if (getenv("CONTENT_LENGTH") == NULL)
		return 0;
	do
		got = read(STDIN_FILENO, bytes, size_bytes);
	while (got < 0 && errno == EINTR);
	return got > 0 ? (size_t)got : 0;
}

static bool
write_all(const char *bytes, size_t size_bytes)
{
	while (size_bytes > 0) {
		ssize_t written = write(STDOUT_FILENO, bytes, size_bytes);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		bytes += written;
		size_bytes -= (size_t)written;
	}
	return true;
}

bool
transport_cgi_serve(transport_handler handler, void *context)
{
	const struct request_source source = { (const char *const *)environ, NULL, cgi_read };
	struct response response;
	struct request request;
	struct arena arena;
	struct buf head;
	bool sent;

	arena_init(&arena, LIMIT_ARENA_BYTES);
	request_read(&request, &arena, &source);
	response_init(&response, request.request_id);
	handler(context, &arena, &request, &response);
	buf_init(&head, LIMIT_HEAD_BYTES);
	response_head(&response, &head);
	sent = write_all(buf_str(&head), head.size_bytes) &&
	       (request.method == HTTP_HEAD || write_all(buf_str(&response.body), response.body.size_bytes));
	buf_release(&head);
	response_release(&response);
	arena_release(&arena);
	return sent;
}
