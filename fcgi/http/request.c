/* SPDX-License-Identifier: Apache-2.0 */
#include "http/request.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/limits.h"
#include "base/percent.h"
#include "base/text.h"
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

/* CGI's variables that are read here; NULL: absent or empty, which is the same. */
struct variables {
	const char *method;
	const char *uri;
	const char *script_name;
	const char *content_type;
	const char *content_length;
	const char *content_encoding;
	const char *request_id;
	const char *idempotency_key;
	const char *accept;
	const char *user_agent;
	const char *server_address;
	const char *remote_address;
	const char *forwarded_for;
	const char *user;
	const char *door;
	const char *carries;
	const char *holds;
};

#define ROW(name, member) { name "=", sizeof(name), offsetof(struct variables, member) }

/* In one pass over what there is, instead of one for each name; of a repeated name the first. */
static void
find_variables(const char *const *variables, struct variables *ret_found)
{
	static const struct {
		const char *prefix;
		size_t size;
		size_t offset;
	} rows[] = {
		ROW("REQUEST_METHOD", method),
		ROW("REQUEST_URI", uri),
		ROW("SCRIPT_NAME", script_name),
		ROW("CONTENT_TYPE", content_type),
		ROW("CONTENT_LENGTH", content_length),
		ROW("HTTP_CONTENT_ENCODING", content_encoding),
		ROW("HTTP_X_REQUEST_ID", request_id),
		ROW("HTTP_IDEMPOTENCY_KEY", idempotency_key),
		ROW("HTTP_ACCEPT", accept),
		ROW("HTTP_USER_AGENT", user_agent),
		ROW("SERVER_ADDR", server_address),
		ROW("REMOTE_ADDR", remote_address),
		ROW("HTTP_X_FORWARDED_FOR", forwarded_for),
		ROW("SPARKGATE_USER", user),
		ROW("SPARKGATE_DOOR", door),
		ROW("SPARKGATE_CARRIES", carries),
		ROW("SPARKGATE_HOLDS", holds),
	};

	*ret_found = (struct variables){ 0 };
	for (; *variables != NULL; variables++) {
		const char *equals = strchr(*variables, '=');
		size_t size = equals == NULL ? 0 : (size_t)(equals + 1 - *variables);

		if (size == 0 || equals[1] == '\0')
			continue;
		for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
			const char **value = (const char **)((char *)ret_found + rows[i].offset);

			if (rows[i].size == size && memcmp(rows[i].prefix, *variables, size) == 0) {
				if (*value == NULL)
					*value = equals + 1;
				break;
			}
		}
	}
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
	size_t size = 0;

	while (isalnum((unsigned char)text[size]) || text[size] == '-' || text[size] == '_' || text[size] == '.')
		size++;
	return size > 0 && size <= REQUEST_ID_BYTES && text[size] == '\0';
}

static void
read_target(struct request *request, struct arena *arena, const struct variables *found)
{
	const char *target = found->uri != NULL ? found->uri : found->script_name;
	size_t path_size;

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
read_body(struct request *request, struct arena *arena, const struct variables *found, const struct request_source *source)
{
	long long length = found->content_length == NULL ? -1 : strtoll(found->content_length, NULL, 10);
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
decode_body(struct request *request, struct arena *arena, const struct variables *found)
{
	enum encoding encoding = encoding_of(found->content_encoding);
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
	struct variables found;

	find_variables(source->variables, &found);
	*request = (struct request){
		.method_text = found.method == NULL ? "GET" : arena_strdup(arena, found.method),
		.request_id = found.request_id != NULL && is_plain_word(found.request_id)
				      ? arena_strdup(arena, found.request_id)
				      : make_request_id(arena),
		.idempotency_key = arena_strdup(arena, found.idempotency_key),
		.content_type = arena_strdup(arena, found.content_type),
		.accept = arena_strdup(arena, found.accept),
		.user_agent = arena_strdup(arena, found.user_agent),
		.server_address = arena_strdup(arena, found.server_address),
		.front_user = arena_strdup(arena, found.user),
		.remote_address = arena_strdup(arena, found.remote_address),
		.forwarded_for = arena_strdup(arena, found.forwarded_for),
		.door = text_is(found.door, "spark") ? HTTP_DOOR_SPARK : HTTP_DOOR_ALL,
		.front_carries = text_is(found.carries, "yes"),
		.front_holds = text_is(found.holds, "yes"),
	};
	request->method = method_of(request->method_text);
	read_target(request, arena, &found);
	read_body(request, arena, &found, source);
	decode_body(request, arena, &found);
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
