/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "kube/answer.h"

#define STATUS(rest) "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\"," rest "}"

struct row {
	int http_status;
	const char *body;
	enum err_code code;
	const char *msg;        /* a part of it */
};

/* Bodies as kube-apiserver 1.34 wrote them (contract crds.md 9.3), shortened. */
static const struct row rows[] = {
	{ 400,
	  STATUS("\"message\":\"strict decoding error: unknown field "
		 "\\\"spec.x\\\"\",\"reason\":\"BadRequest\",\"code\":400"),
	  ERR_INVALID, "unknown field \"spec.x\"" },
	{ 400, "bad", ERR_INVALID, "refused the request (HTTP 400)" },
	{ 401, STATUS("\"message\":\"Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401"), ERR_UNAUTHORIZED,
	  "gateway's credentials" },
	{ 403,
	  STATUS("\"message\":\"sparkapplications.sparkoperator.k8s.io is forbidden: User \\\"x\\\" cannot create "
		 "resource\","
		 "\"reason\":\"Forbidden\",\"code\":403"),
	  ERR_FORBIDDEN, "User \"x\" cannot create resource" },
	{ 403, "<html>no</html>", ERR_FORBIDDEN, "refused the request (HTTP 403)" },
	{ 403,
	  STATUS("\"message\":\"pods \\\"p\\\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3\","
		 "\"reason\":\"Forbidden\",\"code\":403"),
	  ERR_QUOTA, "exceeded quota: q" },
	{ 403,
	  STATUS("\"message\":\"pods \\\"p\\\" is forbidden: failed quota: q: must specify requests.cpu for: c\","
		 "\"reason\":\"Forbidden\",\"code\":403"),
	  ERR_QUOTA, "must specify requests.cpu" },
	{ 403,
	  STATUS("\"message\":\"pods \\\"p\\\" is forbidden: status unknown for quota: q, resources: pods\","
		 "\"reason\":\"Forbidden\",\"code\":403"),
	  ERR_QUOTA, "status unknown" },
	{ 403,
	  STATUS("\"message\":\"pods \\\"p\\\" is forbidden: not yet ready to handle "
		 "request\",\"reason\":\"Forbidden\","
		 "\"code\":403"),
	  ERR_UNAVAILABLE, "cannot serve the request now" },
	{ 403,
	  STATUS("\"message\":\"admission webhook \\\"w\\\" denied the request: exceeded quota: of ours\","
		 "\"reason\":\"Forbidden\",\"code\":403"),
	  ERR_INVALID, "denied the request" },
	{ 500, STATUS("\"message\":\"admission webhook \\\"w\\\" denied the request: no\",\"code\":500"), ERR_INVALID,
	  "denied the request: no" },
	{ 422,
	  STATUS("\"message\":\"x is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no\","
		 "\"reason\":\"Invalid\",\"code\":422"),
	  ERR_INVALID, "denied request: no" },
	{ 403,
	  STATUS("\"message\":\"x is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no\","
		 "\"reason\":\"Forbidden\",\"code\":403"),
	  ERR_INVALID, "denied request: no" },
	{ 500,
	  STATUS("\"message\":\"Internal error occurred: failed calling webhook \\\"w\\\": Post "
		 "\\\"https://h:443/\\\"\","
		 "\"reason\":\"InternalError\",\"code\":500"),
	  ERR_UNAVAILABLE, "cannot serve the request now (HTTP 500)" },
	{ 404, "404 page not found\n", ERR_FORBIDDEN, "CustomResourceDefinition is not installed" },
	{ 404,
	  STATUS("\"message\":\"namespaces \\\"n\\\" not found\",\"reason\":\"NotFound\","
		 "\"details\":{\"name\":\"n\",\"kind\":\"namespaces\"},\"code\":404"),
	  ERR_FORBIDDEN, "namespaces \"n\" not found" },
	{ 404,
	  STATUS("\"message\":\"the server could not find the requested resource\",\"reason\":\"NotFound\","
		 "\"details\":{},\"code\":404"),
	  ERR_FORBIDDEN, "could not find the requested resource" },
	{ 404,
	  STATUS("\"message\":\"sparkapplications.sparkoperator.k8s.io \\\"a\\\" not found\",\"reason\":\"NotFound\","
		 "\"details\":{\"name\":\"a\",\"group\":\"sparkoperator.k8s.io\",\"kind\":\"sparkapplications\"},"
		 "\"code\":404"),
	  ERR_NOT_FOUND, "\"a\" not found" },
	{ 409, STATUS("\"message\":\"x \\\"a\\\" already exists\",\"reason\":\"AlreadyExists\",\"code\":409"),
	  ERR_EXISTS, "already exists" },
	{ 409,
	  STATUS("\"message\":\"Operation cannot be fulfilled: the object has been modified\",\"reason\":\"Conflict\","
		 "\"details\":{\"kind\":\"sparkapplications\"},\"code\":409"),
	  ERR_CONFLICT, "has been modified" },
	{ 409,
	  STATUS("\"message\":\"Operation cannot be fulfilled on resourcequotas \\\"q\\\"\",\"reason\":\"Conflict\","
		 "\"details\":{\"name\":\"q\",\"kind\":\"resourcequotas\"},\"code\":409"),
	  ERR_QUOTA, "resourcequotas" },
	{ 409, "", ERR_CONFLICT, "HTTP 409" },
	{ 410, STATUS("\"message\":\"too old resource version: 1 (500)\",\"reason\":\"Expired\",\"code\":410"),
	  ERR_GONE, "too old resource version" },
	{ 413, STATUS("\"message\":\"limit is 3145728\",\"reason\":\"RequestEntityTooLarge\",\"code\":413"),
	  ERR_INVALID, "limit is" },
	{ 415, STATUS("\"message\":\"m\",\"reason\":\"UnsupportedMediaType\",\"code\":415"), ERR_INVALID, "m" },
	{ 422, STATUS("\"message\":\"a is invalid: spec.type: Required value\",\"reason\":\"Invalid\",\"code\":422"),
	  ERR_INVALID, "spec.type: Required value" },
	{ 429, "Too many requests, please try again later.", ERR_UNAVAILABLE, "overloaded" },
	{ 500, STATUS("\"message\":\"etcdserver: request is too large\",\"code\":500"), ERR_INVALID, "too large" },
	{ 500,
	  STATUS("\"message\":\"rpc error: code = ResourceExhausted desc = trying to send message larger than max "
		 "(2500000 vs. 2097152)\",\"code\":500"),
	  ERR_INVALID, "larger than max" },
	{ 500, "\xff\xfe", ERR_UNAVAILABLE, "HTTP 500" },
	{ 502, "<html>Bad Gateway</html>", ERR_UNAVAILABLE, "HTTP 502" },
	{ 503, STATUS("\"message\":\"m\",\"reason\":\"ServiceUnavailable\",\"code\":503"), ERR_UNAVAILABLE,
	  "HTTP 503" },
	{ 504,
	  STATUS("\"message\":\"Timeout: Too large resource version: 9, current: "
		 "8\",\"reason\":\"Timeout\",\"code\":504"),
	  ERR_UNAVAILABLE, "HTTP 504" },
	/* What stands where the API server should be. */
	{ 302, "", ERR_UNAVAILABLE, "HTTP 302" },
	{ 404, "{\"error\":\"no such route\"}", ERR_FORBIDDEN, "not installed" },
	{ 403, "null", ERR_FORBIDDEN, "HTTP 403" },
	{ 403, "[]", ERR_FORBIDDEN, "HTTP 403" },
	/* A Status of nulls. */
	{ 409, "{\"kind\":\"Status\",\"message\":null,\"reason\":null,\"details\":null}", ERR_CONFLICT, "HTTP 409" },
};

static void
every_answer_has_its_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct err err = ERR_INIT;

		if (answer_check(rows[i].http_status, 0, rows[i].body, strlen(rows[i].body), &err))
			fail_msg("row %zu: taken as good", i);
		if (err.code != rows[i].code || strstr(err.msg, rows[i].msg) == NULL)
			fail_msg("row %zu: %s \"%s\" instead of %s \"%s\"", i, err_code_text(err.code), err.msg,
				 err_code_text(rows[i].code), rows[i].msg);
		assert_int_equal(err.http_status, err_http_status(err.code));
	}
}

static void
an_answer_of_the_200s_is_good(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_true(answer_check(200, 0, "{}", 2, &err));
	assert_true(answer_check(201, 0, "", 0, &err));
	assert_true(answer_check(204, 0, NULL, 0, &err));
	assert_int_equal(err.code, ERR_NONE);
}

static void
the_text_of_a_failing_server_is_for_the_log_only(void **state)
{
	static const char body[] =
		STATUS("\"message\":\"dial tcp 10.0.0.7:443: connect: connection refused\",\"code\":500");
	struct err err = ERR_INIT;

	(void)state;
	assert_false(answer_check(500, 0, body, strlen(body), &err));
	assert_null(strstr(err.msg, "10.0.0.7"));
	assert_non_null(strstr(err.detail, "10.0.0.7"));
}

static void
the_server_says_how_long_to_wait(void **state)
{
	static const char body[] = STATUS("\"message\":\"m\",\"details\":{\"retryAfterSeconds\":7},\"code\":504");
	struct err err = ERR_INIT;

	(void)state;
	assert_false(answer_check(429, 3, "x", 1, &err));
	assert_int_equal(err.retry_after_s, 3);
	assert_false(answer_check(504, 0, body, strlen(body), &err));
	assert_int_equal(err.retry_after_s, 7);
	assert_false(answer_check(503, 1000000, "x", 1, &err));
	assert_int_equal(err.retry_after_s, 300);
	/* What is for good has nothing to wait for. */
	assert_false(answer_check(422, 3, "x", 1, &err));
	assert_int_equal(err.retry_after_s, 0);
}

/* 3 bytes a character: the limit falls into one, whatever stands before. */
static void
a_long_message_is_cut_between_characters(void **state)
{
	(void)state;
	for (size_t before = 0; before < 3; before++) {
		AUTO_JSON struct json_object *status = json_tokener_parse(STATUS("\"code\":422"));
		struct err err = ERR_INIT;
		char text[2002] = "xx";

		text[before] = '\0';
		for (size_t i = 0; i < 600; i++)
			strcat(text, "\xe2\x82\xac");
		json_add_string(status, "message", text);
		answer_status_error(status, &err);
		assert_true(strlen(err.msg) + 3 >= sizeof(err.msg));
		assert_int_equal((strlen(err.msg) - before) % 3, 0);
		assert_memory_equal(err.msg, text, strlen(err.msg));
		assert_int_equal((unsigned char)err.detail[strlen(err.detail) - 1], 0xac);
	}
}

static void
an_error_event_has_the_meaning_of_its_code(void **state)
{
	static const struct {
		const char *text;
		enum err_code code;
	} events[] = {
		{ STATUS("\"code\":410,\"reason\":\"Expired\",\"message\":\"too old resource version\""), ERR_GONE },
		{ STATUS("\"code\":504,\"reason\":\"Timeout\",\"message\":\"Too large resource version\""),
		  ERR_UNAVAILABLE },
		{ STATUS("\"code\":403,\"reason\":\"Forbidden\",\"message\":\"m\""), ERR_FORBIDDEN },
		{ STATUS("\"message\":\"no code\""), ERR_UNAVAILABLE },
		{ STATUS("\"code\":200"), ERR_UNAVAILABLE },
		{ "{}", ERR_UNAVAILABLE },
		{ "null", ERR_UNAVAILABLE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(events); i++) {
		AUTO_JSON struct json_object *status = json_tokener_parse(events[i].text);
		struct err err = ERR_INIT;

		answer_status_error(status, &err);
		assert_int_equal(err.code, events[i].code);
	}
}

/* ---- objects ---- */

static void
an_object_may_be_deeper_than_a_client_s_body(void **state)
{
	char text[1024] = "";
	struct json_object *object = NULL;
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(text, "{\"a\":");
	strcat(text, "1");
	for (int i = 0; i < 100; i++)
		strcat(text, "}");
	assert_true(answer_parse(text, strlen(text), &object, &err));
	json_object_put(object);
}

static void
what_is_no_object_is_not_understood(void **state)
{
	static const char *const texts[] = { "", "null", "[]", "1", "\"x\"", "{", "{\"a\":", "<html>", "{\"a\":}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		struct json_object *object = NULL;
		struct err err = ERR_INIT;

		if (answer_parse(texts[i], strlen(texts[i]), &object, &err))
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(err.code, ERR_UNAVAILABLE);
		assert_null(object);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_has_its_meaning),
		cmocka_unit_test(an_answer_of_the_200s_is_good),
		cmocka_unit_test(the_text_of_a_failing_server_is_for_the_log_only),
		cmocka_unit_test(the_server_says_how_long_to_wait),
		cmocka_unit_test(a_long_message_is_cut_between_characters),
		cmocka_unit_test(an_error_event_has_the_meaning_of_its_code),
		cmocka_unit_test(an_object_may_be_deeper_than_a_client_s_body),
		cmocka_unit_test(what_is_no_object_is_not_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
