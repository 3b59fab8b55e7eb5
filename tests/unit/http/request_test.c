/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "http/request.h"

/* A carrier: variables as "NAME=value", ending with NULL, and a body that comes in pieces of `piece` bytes. */
struct carrier {
	const char *variables[8];
	const char *body;
	size_t size_bytes;
	size_t piece;           /* 0: all that is asked for */
	size_t taken;
};

static size_t
carrier_read(void *context, char *bytes, size_t size_bytes)
{
	struct carrier *carrier = context;
	size_t size = carrier->size_bytes - carrier->taken;

	if (size > size_bytes)
		size = size_bytes;
	if (carrier->piece > 0 && size > carrier->piece)
		size = carrier->piece;
	if (size > 0)
		memcpy(bytes, carrier->body + carrier->taken, size);
	carrier->taken += size;
	return size;
}

static struct request
read_request(struct arena *arena, struct carrier *carrier)
{
	const struct request_source source = { carrier->variables, carrier, carrier_read };
	struct request request;

	if (carrier->body != NULL && carrier->size_bytes == 0)
		carrier->size_bytes = strlen(carrier->body);
	request_read(&request, arena, &source);
	return request;
}

static void
of_a_repeated_variable_the_first_with_a_value_counts(void **state)
{
	struct carrier carrier = { .variables = {
		"REQUEST_METHOD", "REQUEST_METHOD=", "REQUEST_METHOD=DELETE", "REQUEST_METHOD=POST", "REQUEST_METHODS=PUT",
		"REQUEST_URI=/a=b", "=x",
	} };
	struct request request = read_request(*state, &carrier);

	assert_string_equal(request.method_text, "DELETE");
	assert_string_equal(request.path, "/a=b");
}

static void
methods_are_told_apart(void **state)
{
	static const struct {
		const char *variable;
		enum http_method method;
		const char *text;
	} rows[] = {
		{ "REQUEST_METHOD=GET", HTTP_GET, "GET" },       { "REQUEST_METHOD=HEAD", HTTP_HEAD, "HEAD" },
		{ "REQUEST_METHOD=POST", HTTP_POST, "POST" },    { "REQUEST_METHOD=DELETE", HTTP_DELETE, "DELETE" },
		{ "REQUEST_METHOD=PUT", HTTP_PUT, "PUT" },       { "REQUEST_METHOD=PATCH", HTTP_PATCH, "PATCH" },
		{ "REQUEST_METHOD=OPTIONS", HTTP_OPTIONS, "OPTIONS" }, { "REQUEST_METHOD=get", HTTP_OTHER, "get" },
		{ "REQUEST_METHOD=BREW", HTTP_OTHER, "BREW" },   { "REQUEST_METHOD=", HTTP_GET, "GET" },
		{ "X=", HTTP_GET, "GET" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct carrier carrier = { .variables = { rows[i].variable } };
		struct request request = read_request(*state, &carrier);

		assert_number(rows[i].variable, request.method, rows[i].method);
		assert_text(rows[i].variable, request.method_text, rows[i].text);
	}
}

static void
the_target_parts_into_path_and_query(void **state)
{
	static const struct {
		const char *variables[3];
		const char *path;
		const char *query;
	} rows[] = {
		{ { "REQUEST_URI=/batches" }, "/batches", "" },
		{ { "REQUEST_URI=/batches?" }, "/batches", "" },
		{ { "REQUEST_URI=/batches?from=1&size=2" }, "/batches", "from=1&size=2" },
		{ { "REQUEST_URI=/a%20b?c=%20d?e" }, "/a%20b", "c=%20d?e" },
		{ { "REQUEST_URI=/a#f" }, "/a", "" },
		{ { "REQUEST_URI=//batches/0" }, "//batches/0", "" },
		{ { "REQUEST_URI=", "SCRIPT_NAME=/batches/7" }, "/batches/7", "" },
		{ { "SCRIPT_NAME=/batches/7" }, "/batches/7", "" },
		{ { "REQUEST_URI=batches" }, "/", "" },
		{ { "REQUEST_URI=*" }, "/", "" },
		{ { NULL }, "/", "" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct carrier carrier = { .variables = { rows[i].variables[0], rows[i].variables[1] } };
		struct request request = read_request(*state, &carrier);

		assert_text(rows[i].variables[0], request.path, rows[i].path);
		assert_text(rows[i].variables[0], request.query, rows[i].query);
	}
}

static void
bodies_are_read_to_their_end(void **state)
{
	static const struct {
		const char *row;
		const char *length;
		const char *body;
		size_t piece;
		const char *read;
		bool truncated;
	} rows[] = {
		{ "none", "X=", NULL, 0, "", false },
		{ "length 0", "CONTENT_LENGTH=0", NULL, 0, "", false },
		{ "with a length", "CONTENT_LENGTH=5", "hello", 0, "hello", false },
		{ "in pieces", "CONTENT_LENGTH=5", "hello", 1, "hello", false },
		{ "chunked, without a length", "X=", "hello", 0, "hello", false },
		{ "chunked in pieces", "CONTENT_LENGTH=", "hello", 2, "hello", false },
		{ "the client hung up", "CONTENT_LENGTH=6", "hello", 0, "hello", true },
		{ "the client hung up at once", "CONTENT_LENGTH=6", NULL, 0, "", true },
		{ "a negative length", "CONTENT_LENGTH=-1", "hello", 0, "hello", false },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct carrier carrier = { .variables = { rows[i].length }, .body = rows[i].body, .piece = rows[i].piece };
		struct request request = read_request(*state, &carrier);

		assert_text(rows[i].row, request.body, rows[i].read);
		assert_number(rows[i].row, (int64_t)request.body_size_bytes, (int64_t)strlen(rows[i].read));
		assert_number(rows[i].row, request.body_truncated, rows[i].truncated);
		assert_number(rows[i].row, request.body_too_large, false);
	}
}

/* What is over the limit is read all the same: a client that is still sending would not see the answer. */
static void
a_body_over_the_limit_is_marked_and_read_to_its_end(void **state)
{
	static char body[LIMIT_BODY_BYTES + 100000];
	static const struct {
		size_t size_bytes;
		bool too_large;
	} rows[] = { { LIMIT_BODY_BYTES, false }, { LIMIT_BODY_BYTES + 1, true }, { sizeof(body), true } };

	memset(body, ' ', sizeof(body));
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		for (int with_length = 0; with_length < 2; with_length++) {
			struct carrier carrier = { .body = body, .size_bytes = rows[i].size_bytes };
			struct request request;

			if (with_length)
				carrier.variables[0] = arena_printf(*state, "CONTENT_LENGTH=%zu", rows[i].size_bytes);
			request = read_request(*state, &carrier);
			assert_int_equal(request.body_too_large, rows[i].too_large);
			assert_false(request.body_truncated);
			assert_int_equal(carrier.taken, rows[i].size_bytes);
			assert_true(request.body_size_bytes <= LIMIT_BODY_BYTES);
			if (!rows[i].too_large)
				assert_int_equal(request.body_size_bytes, rows[i].size_bytes);
		}
	}
}

static void
a_nul_in_the_body_does_not_end_it(void **state)
{
	struct carrier carrier = { .variables = { "CONTENT_LENGTH=3" }, .body = "a\0b", .size_bytes = 3 };
	struct request request = read_request(*state, &carrier);

	assert_int_equal(request.body_size_bytes, 3);
	assert_memory_equal(request.body, "a\0b", 4);
}

#define WORD_64 "0123456789012345678901234567890123456789012345678901234567890123"

static void
a_client_s_request_id_is_taken_over_when_it_is_a_plain_word(void **state)
{
	static const struct {
		const char *id;
		bool taken;
	} rows[] = {
		{ "8f3a", true }, { "a-b_c.D", true }, { WORD_64, true }, { WORD_64 "4", false }, { "", false }, { "a b", false },
		{ "a\nb", false }, { "a\"b", false }, { "a=b", false }, { "\xc3\xa4", false }, { "a/b", false },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct carrier carrier = { .variables = { arena_printf(*state, "HTTP_X_REQUEST_ID=%s", rows[i].id) } };
		struct request request = read_request(*state, &carrier);

		if (rows[i].taken)
			assert_text(rows[i].id, request.request_id, rows[i].id);
		else if (strlen(request.request_id) != 16 || strspn(request.request_id, "0123456789abcdef") != 16)
			fail_msg("%s: %s", rows[i].id, request.request_id);
	}
}

static void
request_ids_of_our_own_differ(void **state)
{
	struct carrier carrier = { .variables = { NULL } };
	struct request one = read_request(*state, &carrier), other = read_request(*state, &carrier);

	assert_string_not_equal(one.request_id, other.request_id);
}

static void
the_rest_is_copied_out_of_the_carrier(void **state)
{
	char key[] = "HTTP_IDEMPOTENCY_KEY=dag/task/1";
	struct carrier carrier = { .variables = { key, "SERVER_ADDR=127.0.0.1", "REMOTE_ADDR=10.0.0.7",
						  "HTTP_X_FORWARDED_FOR=" } };
	struct request request = read_request(*state, &carrier);

	memset(key, 'x', strlen(key));
	assert_string_equal(request.idempotency_key, "dag/task/1");
	assert_string_equal(request.server_address, "127.0.0.1");
	assert_string_equal(request.remote_address, "10.0.0.7");
	assert_null(request.forwarded_for); /* empty equals absent */
}

static void
query_parameters_are_found_and_decoded(void **state)
{
	static const struct {
		const char *query;
		const char *value;      /* of "size" */
	} rows[] = {
		{ "", NULL }, { "size=3", "3" }, { "from=1&size=3", "3" }, { "size=3&size=4", "3" }, { "size=", "" },
		{ "size", "" }, { "size&from=1", "" }, { "xsize=3", NULL }, { "sizex=3", NULL }, { "SIZE=3", NULL },
		{ "size=a+b%20c", "a b c" }, { "size=a=b", "a=b" }, { "&&size=3&", "3" }, { "=3", NULL }, { "from=size", NULL },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct request request = { .query = rows[i].query };

		assert_text(rows[i].query, request_query(&request, *state, "size"), rows[i].value);
	}
}

/* Contract livy.md 1.2: 32 bits, an optional sign, and Java's words for the rest. */
static void
query_numbers_are_java_s_integers(void **state)
{
	static const struct {
		const char *query;
		int64_t number;
		const char *refused;    /* the value in the message */
	} rows[] = {
		{ "", 77, NULL }, { "from=9", 77, NULL }, { "size=0", 0, NULL }, { "size=12", 12, NULL },
		{ "size=-1", -1, NULL }, { "size=%2B5", 5, NULL }, { "size=007", 7, NULL },
		{ "size=2147483647", INT32_MAX, NULL }, { "size=-2147483648", INT32_MIN, NULL },
		{ "size=2147483648", 0, "2147483648" }, { "size=-2147483649", 0, "-2147483649" },
		{ "size=99999999999999999999", 0, "99999999999999999999" }, { "size=abc", 0, "abc" }, { "size=", 0, "" },
		{ "size", 0, "" }, { "size=1.5", 0, "1.5" }, { "size=1x", 0, "1x" }, { "size=+5", 0, " 5" },
		{ "size=5+", 0, "5 " }, { "size=%095", 0, "\t5" }, { "size=0x10", 0, "0x10" }, { "size=-", 0, "-" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct request request = { .query = rows[i].query };
		struct err err = ERR_INIT;
		int64_t number = -77;
		bool taken = request_query_int(&request, *state, "size", 77, &number, &err);

		assert_number(rows[i].query, taken, rows[i].refused == NULL);
		if (taken) {
			assert_number(rows[i].query, number, rows[i].number);
			continue;
		}
		assert_number(rows[i].query, err.http_status, 400);
		assert_contains(rows[i].query, err.msg,
				arena_printf(*state, "For input string: \"%s\"", rows[i].refused));
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(of_a_repeated_variable_the_first_with_a_value_counts),
		unit_test_with_arena(methods_are_told_apart),
		unit_test_with_arena(the_target_parts_into_path_and_query),
		unit_test_with_arena(bodies_are_read_to_their_end),
		unit_test_with_arena(a_body_over_the_limit_is_marked_and_read_to_its_end),
		unit_test_with_arena(a_nul_in_the_body_does_not_end_it),
		unit_test_with_arena(a_client_s_request_id_is_taken_over_when_it_is_a_plain_word),
		unit_test_with_arena(request_ids_of_our_own_differ),
		unit_test_with_arena(the_rest_is_copied_out_of_the_carrier),
		unit_test_with_arena(query_parameters_are_found_and_decoded),
		unit_test_with_arena(query_numbers_are_java_s_integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
