/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "http/response.h"

#define SECURITY "X-Content-Type-Options: nosniff\r\nX-Frame-Options: SAMEORIGIN\r\n" \
		 "X-XSS-Protection: 1; mode=block\r\n" \
		 "Content-Security-Policy: default-src 'none'\r\nCache-Control: no-store\r\n"

static char *
head_of(struct arena *arena, const struct response *response)
{
	AUTO_BUF struct buf head;

	buf_init(&head, 65536);
	response_head(response, &head);
	return arena_strdup(arena, buf_str(&head));
}

static void
an_answer_has_its_json_length_and_request_id(void **state)
{
	struct response response;

	response_init(&response, "8f3a");
	response_json(&response, HTTP_OK, json_of(*state, "{\"id\":0,\"path\":\"/a\"}"));
	assert_string_equal(buf_str(&response.body), "{\"id\":0,\"path\":\"/a\"}");
	assert_text("head", head_of(*state, &response),
		    "Status: 200 OK\r\nContent-Type: application/json;charset=utf-8\r\nContent-Length: 20\r\n"
		    "X-Request-Id: 8f3a\r\n" SECURITY "\r\n");
	response_release(&response);
}

static void
what_the_front_is_to_carry_has_its_credential_with_it_and_nowhere_else(void **state)
{
	struct response response;

	response_init(&response, "8f3a");
	response.status = HTTP_OK;
	response.carry_authorization = "Bearer t";
	if (strstr(head_of(*state, &response), "Bearer") != NULL)
		fail_msg("a credential without anywhere to carry it");
	response.carry_to = "/k8s-api/default/api/v1/pods?watch=true";
	assert_contains("head", head_of(*state, &response),
			"X-Accel-Redirect: /k8s-api/default/api/v1/pods?watch=true\r\nX-Sparkgate-Authorization: Bearer t\r\n");
	response_release(&response);
}

static void
an_answer_that_the_front_is_to_hold_is_in_the_address_where_it_is_held(void **state)
{
	struct response response;

	response_init(&response, "8f3a");
	response_json(&response, HTTP_OK, json_of(*state, "{\"msg\":\"100% r\u00e9ussi\\n\"}"));
	response.is_held = true;
	assert_text("head", head_of(*state, &response),
		    "Status: 200 OK\r\nX-Accel-Redirect: /nginx/held/"
		    "%7B%22msg%22%3A%22100%25%20r%C3%A9ussi%5Cn%22%7D\r\n\r\n");
	response_release(&response);
}

static void
further_headers_stand_where_they_belong(void **state)
{
	struct response response;

	response_init(&response, "8f3a");
	response.status = HTTP_CREATED;
	response.location = "/batches/7";
	response.allow = "GET, HEAD";
	response.retry_after_s = 2;
	assert_text("head", head_of(*state, &response),
		    "Status: 201 Created\r\nContent-Type: application/json;charset=utf-8\r\nContent-Length: 0\r\n"
		    "Location: /batches/7\r\nAllow: GET, HEAD\r\nRetry-After: 2\r\nX-Request-Id: 8f3a\r\n" SECURITY "\r\n");
	response_release(&response);
}

static void
an_answer_that_nobody_wrote_is_an_error(void **state)
{
	struct response response;

	response_init(&response, "x");
	assert_contains("head", head_of(*state, &response), "Status: 500 Internal Server Error\r\n");
	response_release(&response);
}

static void
what_was_written_before_is_dropped(void **state)
{
	struct response response;

	response_init(&response, "x");
	response_json(&response, HTTP_OK, json_of(*state, "{\"a\":1}"));
	response_json(&response, 404, json_of(*state, "{}"));
	assert_int_equal(response.status, 404);
	assert_string_equal(buf_str(&response.body), "{}");
	response_release(&response);
}

/* Whatever code an err may carry. */
static void
every_status_of_ours_has_its_phrase(void **state)
{
	struct response response;

	response_init(&response, "x");
	for (int code = 0; code < ERR_CODE_COUNT; code++) {
		response.status = err_http_status((enum err_code)code);
		assert_null(strstr(head_of(*state, &response), "Unknown"));
	}
	response_release(&response);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		unit_test_with_arena(an_answer_has_its_json_length_and_request_id),
		unit_test_with_arena(what_the_front_is_to_carry_has_its_credential_with_it_and_nowhere_else),
		unit_test_with_arena(an_answer_that_the_front_is_to_hold_is_in_the_address_where_it_is_held),
		unit_test_with_arena(further_headers_stand_where_they_belong),
		unit_test_with_arena(an_answer_that_nobody_wrote_is_an_error),
		unit_test_with_arena(what_was_written_before_is_dropped),
		unit_test_with_arena(every_status_of_ours_has_its_phrase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
