/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

static const struct {
	int http_status;
	const char *text;
	bool transient;
} codes[ERR_CODE_COUNT] = {
	[ERR_NONE] = { 200, "none", false },
	[ERR_INVALID] = { 400, "invalid", false },
	[ERR_UNAUTHORIZED] = { 401, "unauthorized", false },
	[ERR_FORBIDDEN] = { 403, "forbidden", false },
	[ERR_NOT_FOUND] = { 404, "not_found", false },
	[ERR_METHOD] = { 405, "method", false },
	[ERR_NOT_ACCEPTABLE] = { 406, "not_acceptable", false },
	[ERR_MEDIA_TYPE] = { 415, "media_type", false },
	[ERR_EXISTS] = { 409, "exists", false },
	[ERR_CONFLICT] = { 409, "conflict", false },
	[ERR_GONE] = { 410, "gone", false },
	[ERR_TOO_LARGE] = { 413, "too_large", false },
	[ERR_QUOTA] = { 429, "quota", true },
	[ERR_FULL] = { 429, "full", true },
	[ERR_TIMEOUT] = { 503, "timeout", true },
	[ERR_UNAVAILABLE] = { 503, "unavailable", true },
	[ERR_INTERNAL] = { 500, "internal", false },
};

/* Long enough for a restart of PostgreSQL to end, short enough that a client's own time limit holds. */
#define DEFAULT_RETRY_AFTER_S 2

/* Messages go into JSON and PostgreSQL, which want whole UTF-8 characters: what does not fit is cut between two. */
static void PRINTF_LIKE(3, 0)
print(char *text, size_t size_bytes, const char *format, va_list arguments)
{
	int wanted = vsnprintf(text, size_bytes, format, arguments);

	if (wanted >= 0 && (size_t)wanted >= size_bytes)
		utf8_drop_partial(text);
}

void
err_set_(struct err *err, enum err_code code, const char *format, ...)
{
	va_list arguments;

	*err = (struct err){
		.code = code,
		.http_status = codes[code].http_status,
		.retry_after_s = codes[code].transient ? DEFAULT_RETRY_AFTER_S : 0,
	};
	va_start(arguments, format);
	print(err->msg, sizeof(err->msg), format, arguments);
	va_end(arguments);
}

void
err_detail(struct err *err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print(err->detail, sizeof(err->detail), format, arguments);
	va_end(arguments);
}

int
err_http_status(enum err_code code)
{
	return codes[code].http_status;
}

const char *
err_code_text(enum err_code code)
{
	return codes[code].text;
}

bool
err_is_transient(const struct err *err)
{
	return codes[err->code].transient;
}
