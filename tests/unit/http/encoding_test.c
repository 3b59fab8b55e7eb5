/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include <zlib.h>

#include "http/encoding.h"

#define WINDOW_GZIP (MAX_WBITS + 16)
#define WINDOW_ZLIB MAX_WBITS
#define WINDOW_RAW (-MAX_WBITS)

static const char text[] = "{\"file\": \"local:///opt/app.py\"}";

/* `size` bytes, encoded with that window; returns the size of it. */
static size_t
encode(int window, const char *bytes, size_t size, unsigned char *encoded, size_t capacity)
{
	z_stream stream = { .next_in = (z_const Bytef *)bytes, .avail_in = (uInt)size, .next_out = encoded,
			    .avail_out = (uInt)capacity };

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return capacity - stream.avail_out;
}

static void
only_gzip_and_deflate_are_codings(void **state)
{
	static const struct {
		const char *header;
		enum encoding wanted;
	} rows[] = {
		{ NULL, ENCODING_NONE },         { "gzip", ENCODING_GZIP },       { "GZIP", ENCODING_GZIP },
		{ "x-gzip", ENCODING_GZIP },     { "deflate", ENCODING_DEFLATE }, { "UTF-8", ENCODING_NONE },
		{ "identity", ENCODING_NONE },   { "br", ENCODING_NONE },         { "", ENCODING_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_number(rows[i].header, encoding_of(rows[i].header), rows[i].wanted);
}

static void
a_body_is_decoded_from_each_format(void **state)
{
	static const struct {
		const char *name;
		enum encoding encoding;
		int window;
	} rows[] = {
		{ "gzip", ENCODING_GZIP, WINDOW_GZIP },
		{ "deflate as RFC 9110 has it", ENCODING_DEFLATE, WINDOW_ZLIB },
		{ "deflate without zlib's header", ENCODING_DEFLATE, WINDOW_RAW },
	};
	unsigned char encoded[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		size_t size = encode(rows[i].window, text, sizeof(text) - 1, encoded, sizeof(encoded));
		AUTO_BUF struct buf body;

		buf_init(&body, 1024);
		assert_true(encoding_decode(rows[i].encoding, (char *)encoded, size, &body));
		assert_text(rows[i].name, buf_str(&body), text);
	}
}

static void
a_gzip_body_of_two_members_is_one_body(void **state)
{
	unsigned char encoded[256];
	size_t size = encode(WINDOW_GZIP, text, 10, encoded, sizeof(encoded));
	AUTO_BUF struct buf body;

	(void)state;
	size += encode(WINDOW_GZIP, text + 10, sizeof(text) - 11, encoded + size, sizeof(encoded) - size);
	buf_init(&body, 1024);
	assert_true(encoding_decode(ENCODING_GZIP, (char *)encoded, size, &body));
	assert_text("two members", buf_str(&body), text);
}

static void
what_ends_early_or_is_something_else_is_broken(void **state)
{
	unsigned char encoded[256];
	size_t size = encode(WINDOW_GZIP, text, sizeof(text) - 1, encoded, sizeof(encoded));

	(void)state;
	for (size_t cut = 0; cut < size; cut++) {
		AUTO_BUF struct buf body;

		buf_init(&body, 1024);
		assert_false(encoding_decode(ENCODING_GZIP, (char *)encoded, cut, &body));
	}
	AUTO_BUF struct buf plain;
	buf_init(&plain, 1024);
	assert_false(encoding_decode(ENCODING_GZIP, text, sizeof(text) - 1, &plain));
}

static void
what_decodes_to_more_than_the_limit_is_never_held(void **state)
{
	static char blanks[1024 * 1024];
	static unsigned char encoded[16 * 1024];
	size_t size = encode(WINDOW_GZIP, memset(blanks, ' ', sizeof(blanks)), sizeof(blanks), encoded, sizeof(encoded));
	AUTO_BUF struct buf body;

	(void)state;
	buf_init(&body, 64 * 1024);
	assert_true(encoding_decode(ENCODING_GZIP, (char *)encoded, size, &body));
	assert_true(body.overflowed);
	assert_true(body.capacity_bytes <= 128 * 1024);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_gzip_and_deflate_are_codings),
		cmocka_unit_test(a_body_is_decoded_from_each_format),
		cmocka_unit_test(a_gzip_body_of_two_members_is_one_body),
		cmocka_unit_test(what_ends_early_or_is_something_else_is_broken),
		cmocka_unit_test(what_decodes_to_more_than_the_limit_is_never_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
