/* SPDX-License-Identifier: Apache-2.0 */
#include "http/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/limits.h"
#include "base/percent.h"
#include "http/encoding.h"

#define READ_BYTES 16384
#define REQUEST_ID_BYTES 64

static enum http_method
method_of(const char *text)
{
	static const struct {
		const char *text;
		enum http_method method;
	} rows[] = {
		{ "GET", HTTP_GET },     { "HEAD", HTTP_HEAD },   { "POST", HTTP_POST },       { "DELETE", HTTP_DELETE },
		{ "PUT", HTTP_PUT },     { "PATCH", HTTP_PATCH }, { "OPTIONS", HTTP_OPTIONS },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		if (strcmp(rows[i].text, text) == 0)
			return rows[i].method;
	}
	return HTTP_OTHER;
}

static const char *
copy_param(struct arena *arena, const struct request_source *source, const char *name)
{
	const char *text = source->param(source->context, name);

	return text == NULL || text[0] == '\0' ? NULL : arena_strdup(arena, text);
}

static const char *
make_request_id(struct arena *arena)
{
	unsigned char bytes[8] = { 0 };
	ssize_t got = getrandom(bytes, sizeof(bytes), 0);

	(void)got; /* up to 256 bytes are never short once the kernel has booted */
	return arena_printf(arena, "%02x%02x%02x%02x%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
			    bytes[5], bytes[6], bytes[7]);
}

/* A client's id goes into logs, a header and the row: only a plain word is taken over. */
static bool
is_plain_word(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t size = strlen(text);

	return size > 0 && size <= REQUEST_ID_BYTES && strspn(text, plain) == size;
}

static void
read_target(struct request *request, struct arena *arena, const struct request_source *source)
{
	const char *target = source->param(source->context, "REQUEST_URI");
	size_t path_size;

	if (target == NULL || target[0] == '\0')
		target = source->param(source->context, "SCRIPT_NAME");
	if (target == NULL || target[0] != '/')
		target = "/";
	path_size = strcspn(target, "?#");
	request->path = arena_strndup(arena, target, path_size);
	request->query = target[path_size] == '?' ? arena_strdup(arena, target + path_size + 1) : "";
}

size_t
request_body_limit(enum http_door door)
{
	return door == HTTP_DOOR_SPARK ? LIMIT_K8S_BODY_BYTES : LIMIT_BODY_BYTES;
}

/* Reads to the end, not to Content-Length: a chunked body has none. What is over the limit is read and forgotten. */
static void
read_body(struct request *request, struct arena *arena, const struct request_source *source)
{
	const char *length_text = source->param(source->context, "CONTENT_LENGTH");
	long long length = length_text == NULL || length_text[0] == '\0' ? -1 : strtoll(length_text, NULL, 10);
	struct buf *body = arena_alloc(arena, sizeof(*body));
	char bytes[READ_BYTES];
	size_t size_bytes, total_bytes = 0;

	buf_init(body, request_body_limit(request->door));
	arena_own(arena, body, (void (*)(void *))buf_release);
	while ((size_bytes = source->read(source->context, bytes, sizeof(bytes))) > 0) {
		total_bytes += size_bytes;
		buf_append(body, bytes, size_bytes);
		if (length >= 0 && total_bytes >= (size_t)length)
			break;
	}
	request->body_too_large = body->overflowed;
	request->body_truncated = length > 0 && total_bytes < (size_t)length;
	request->body = buf_str(body);
	request->body_size_bytes = body->size_bytes;
}

/* The limit of a body holds for what is decoded, too: a small one can decode to any size. */
static void
decode_body(struct request *request, struct arena *arena, const struct request_source *source)
{
	enum encoding encoding = encoding_of(source->param(source->context, "HTTP_CONTENT_ENCODING"));
	struct buf *body;

	if (encoding == ENCODING_NONE || request->body_size_bytes == 0 || request->body_truncated)
		return;
	body = arena_alloc(arena, sizeof(*body));
	buf_init(body, request_body_limit(request->door));
	arena_own(arena, body, (void (*)(void *))buf_release);
	request->body_undecodable = !encoding_decode(encoding, request->body, request->body_size_bytes, body);
	request->body_too_large |= body->overflowed;
	request->body = buf_str(body);
	request->body_size_bytes = body->size_bytes;
}

void
request_read(struct request *request, struct arena *arena, const struct request_source *source)
{
	const char *method = copy_param(arena, source, "REQUEST_METHOD");
	const char *id = copy_param(arena, source, "HTTP_X_REQUEST_ID");
	const char *door = source->param(source->context, "SPARKGATE_DOOR");
	const char *carries = source->param(source->context, "SPARKGATE_CARRIES");

	*request = (struct request){
		.method_text = method == NULL ? "GET" : method,
		.request_id = id != NULL && is_plain_word(id) ? id : make_request_id(arena),
		.idempotency_key = copy_param(arena, source, "HTTP_IDEMPOTENCY_KEY"),
		.content_type = copy_param(arena, source, "CONTENT_TYPE"),
		.accept = copy_param(arena, source, "HTTP_ACCEPT"),
		.user_agent = copy_param(arena, source, "HTTP_USER_AGENT"),
		.server_address = copy_param(arena, source, "SERVER_ADDR"),
		.front_user = copy_param(arena, source, "SPARKGATE_USER"),
		.remote_address = copy_param(arena, source, "REMOTE_ADDR"),
		.forwarded_for = copy_param(arena, source, "HTTP_X_FORWARDED_FOR"),
	};
	request->method = method_of(request->method_text);
	request->door = door != NULL && strcmp(door, "spark") == 0 ? HTTP_DOOR_SPARK : HTTP_DOOR_ALL;
	request->front_carries = carries != NULL && strcmp(carries, "yes") == 0;
	read_target(request, arena, source);
	read_body(request, arena, source);
	decode_body(request, arena, source);
}

const char *
request_query_at(const struct request *request, struct arena *arena, const char *name, size_t index)
{
	size_t name_size = strlen(name);

	for (const char *pair = request->query; *pair != '\0';) {
		size_t size = strcspn(pair, "&");
		size_t key_size = strcspn(pair, "=&");

		if (key_size == name_size && strncmp(pair, name, name_size) == 0 && index-- == 0)
			return percent_decode(arena, key_size < size ? pair + key_size + 1 : "",
					   key_size < size ? size - key_size - 1 : 0, true);
		pair += size + (pair[size] == '&');
	}
	return NULL;
}

const char *
request_query(const struct request *request, struct arena *arena, const char *name)
{
	return request_query_at(request, arena, name, 0);
}

bool
request_query_int(const struct request *request, struct arena *arena, const char *name, int64_t fallback,
		  int64_t *ret_number, struct err *err)
{
	const char *text = request_query(request, arena, name);
	char *end;
	long long number;

	*ret_number = fallback;
	if (text == NULL)
		return true;
	number = strtoll(text, &end, 10);
	/* strtoll skips blanks, Java's parseInt does not */
	if (end == text || *end != '\0' || strchr(" \t\n\v\f\r", text[0]) != NULL || number < INT32_MIN ||
	    number > INT32_MAX)
		return err_set(err, ERR_INVALID, "For input string: \"%s\" (%s is a 32-bit number)", text, name);
	*ret_number = number;
	return true;
}
