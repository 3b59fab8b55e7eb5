/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"

/* A log whose lines come out of a pipe. */
struct fixture {
	struct arena arena;
	struct log log;
	int read_fd;
};

static int
fixture_make(void **state)
{
	static struct fixture fixture;
	int ends[2];

	if (pipe(ends) != 0)
		return -1;
	arena_init(&fixture.arena, LIMIT_ARENA_BYTES);
	fixture.read_fd = ends[0];
	fixture.log = (struct log){ .level = LOG_LEVEL_DEBUG, .fd = ends[1], .program = "worker" };
	*state = &fixture;
	return 0;
}

static int
fixture_free(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->read_fd);
	close(fixture->log.fd);
	arena_release(&fixture->arena);
	return 0;
}

#define test_with_log(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_free)

/* What one log_event wrote: whatever is in the pipe, which one write() put there. */
static char *
written(struct fixture *fixture)
{
	static const char end[] = "END";
	char bytes[16384];
	ssize_t size;

	/* so that the read has something to come back with when nothing was logged */
	assert_int_equal(write(fixture->log.fd, end, strlen(end)), strlen(end));
	size = read(fixture->read_fd, bytes, sizeof(bytes));
	assert_true(size >= (ssize_t)strlen(end));
	return arena_strndup(&fixture->arena, bytes, (size_t)size - strlen(end));
}

/* The line after the parts that change from run to run: time and pid. */
static char *
stable_part(struct fixture *fixture)
{
	char *line = written(fixture);
	char *pid = arena_printf(&fixture->arena, "%spid%s%d", fixture->log.format == LOG_FORMAT_JSON ? "\"" : "",
				 fixture->log.format == LOG_FORMAT_JSON ? "\":" : "=", (int)getpid());
	char *found = strstr(line, pid);

	if (found == NULL)
		fail_msg("no %s in %s", pid, line);
	return found + strlen(pid);
}

static void
a_logfmt_line_has_time_level_event_and_program(void **state)
{
	struct fixture *fixture = *state;
	int year, month, day, hour, minute, second, ms, end = 0;
	char *line;

	log_event(&fixture->log, LOG_LEVEL_INFO, "started");
	line = written(fixture);
	assert_int_equal(sscanf(line, "time=%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &year, &month, &day, &hour, &minute, &second,
				&ms, &end), 7);
	assert_text("line", line + end, arena_printf(&fixture->arena, " level=info event=started program=worker pid=%d\n",
						     (int)getpid()));
}

static void
the_context_of_the_call_is_in_the_line(void **state)
{
	struct fixture *fixture = *state;

	fixture->log.request_id = "8f3a";
	fixture->log.user = "alice";
	fixture->log.action = "deleting a batch";
	log_event(&fixture->log, LOG_LEVEL_WARNING, "x", LOG_INT("batch", 7), LOG_TEXT("absent", NULL));
	assert_text("logfmt", stable_part(fixture), " request=8f3a user=alice while=\"deleting a batch\" batch=7\n");
	fixture->log.format = LOG_FORMAT_JSON;
	log_event(&fixture->log, LOG_LEVEL_WARNING, "x", LOG_INT("batch", 7), LOG_TEXT("absent", NULL));
	assert_text("json", stable_part(fixture),
		    ",\"request\":\"8f3a\",\"user\":\"alice\",\"while\":\"deleting a batch\",\"batch\":7}\n");
}

static const struct {
	const char *text;
	const char *logfmt;
} values[] = {
	{ "plain", "plain" },
	{ "a-b_c.d/e:f+g,h@i", "a-b_c.d/e:f+g,h@i" },
	{ "", "\"\"" },
	{ "two words", "\"two words\"" },
	{ "a=b", "\"a=b\"" },
	{ "say \"hi\"", "\"say \\\"hi\\\"\"" },
	{ "back\\slash", "\"back\\\\slash\"" },
	{ "line\nlevel=error event=forged", "\"line\\nlevel=error event=forged\"" },
	{ "\r\t\x01\x1b[31m\x7f", "\"\\u000d\\u0009\\u0001\\u001b[31m\\u007f\"" },
	{ "\xc3\xa4", "\"\xc3\xa4\"" },
	{ "{}", "\"{}\"" },
};

static void
client_bytes_cannot_break_a_logfmt_line(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
		log_event(&fixture->log, LOG_LEVEL_INFO, "x", LOG_TEXT("value", values[i].text));
		assert_text(values[i].text, stable_part(fixture),
			    arena_printf(&fixture->arena, " value=%s\n", values[i].logfmt));
	}
}

static void
a_json_line_is_json_and_gives_every_value_back(void **state)
{
	struct fixture *fixture = *state;

	fixture->log.format = LOG_FORMAT_JSON;
	for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
		struct json_object *line;

		log_event(&fixture->log, LOG_LEVEL_INFO, "x", LOG_TEXT("value", values[i].text), LOG_INT("low", INT64_MIN));
		line = json_of(&fixture->arena, written(fixture));
		assert_text(values[i].text, json_string(line, "value"), values[i].text);
		assert_text(values[i].text, json_string(line, "level"), "info");
		assert_number(values[i].text, json_int(line, "pid", 0), getpid());
		assert_number(values[i].text, json_int(line, "low", 0), INT64_MIN);
	}
}

/* The next call finds this where its variables will be. */
static __attribute__((noinline)) void
litter_the_stack(void)
{
	volatile unsigned char litter[4096];

	for (size_t i = 0; i < sizeof(litter); i++)
		litter[i] = 0xa5;
}

static void
what_is_less_important_than_the_level_is_left_out(void **state)
{
	struct fixture *fixture = *state;

	for (int level = 0; level < LOG_LEVEL_COUNT; level++) {
		for (int event = 0; event < LOG_LEVEL_COUNT; event++) {
			fixture->log.level = (enum log_level)level;
			litter_the_stack();
			log_event(&fixture->log, (enum log_level)event, "x");
			assert_int_equal(written(fixture)[0] != '\0', event <= level);
		}
	}
}

static void
a_failure_tells_its_code_message_and_detail(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;

	assert_false(err_set(&err, ERR_UNAVAILABLE, "the database is away"));
	log_failure(&fixture->log, LOG_LEVEL_ERROR, "x", &err, LOG_INT("batch", 1));
	assert_text("no detail", stable_part(fixture), " batch=1 error=unavailable msg=\"the database is away\"\n");
	err_detail(&err, "57P01");
	log_failure(&fixture->log, LOG_LEVEL_ERROR, "x", &err);
	assert_text("detail", stable_part(fixture), " error=unavailable msg=\"the database is away\" detail=57P01\n");
}

/* One write below PIPE_BUF is never mixed with other processes' lines. */
static void
a_long_line_is_cut_and_still_one_line(void **state)
{
	struct fixture *fixture = *state;
	static char text[8000];

	for (size_t size = 3700; size < 4100; size++) {
		char *line;

		memset(text, 'x', size);
		text[size] = '\0';
		log_event(&fixture->log, LOG_LEVEL_INFO, "x", LOG_TEXT("value", text), LOG_INT("after", 1));
		line = written(fixture);
		assert_true(strlen(line) < PIPE_BUF);
		assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	}
}

static void
a_long_json_line_is_cut_and_still_json(void **state)
{
	static const char *const characters[] = { "x", " ", "\"", "\x01", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };
	struct fixture *fixture = *state;

	fixture->log.format = LOG_FORMAT_JSON;
	for (size_t i = 0; i < ARRAY_COUNT(characters); i++) {
		for (size_t shift = 0; shift < 40; shift++) {
			struct buf text;
			struct json_object *line = NULL;
			struct err err = ERR_INIT;
			char *bytes;

			buf_init(&text, 6000);
			for (size_t k = 0; k < shift; k++)
				buf_text(&text, "y");
			while (buf_text(&text, characters[i]))
				;
			log_event(&fixture->log, LOG_LEVEL_INFO, "x", LOG_TEXT("value", buf_str(&text)),
				  LOG_TEXT("after", "some more text"), LOG_INT("last", 1));
			bytes = written(fixture);
			assert_true(strlen(bytes) < PIPE_BUF);
			if (!json_parse(bytes, strlen(bytes), &line, &err))
				fail_msg("%s: %s", bytes + strlen(bytes) - 40, err.msg);
			arena_own_json(&fixture->arena, line);
			assert_true(strlen(json_string(line, "value")) > 600);
			assert_memory_equal(json_string(line, "value"), buf_str(&text), strlen(json_string(line, "value")));
			buf_release(&text);
		}
	}
}

static void
words_of_the_configuration_are_known(void **state)
{
	enum log_level level;
	enum log_format format;

	(void)state;
	assert_true(log_level_parse("error", &level) && level == LOG_LEVEL_ERROR);
	assert_true(log_level_parse("warning", &level) && level == LOG_LEVEL_WARNING);
	assert_true(log_level_parse("info", &level) && level == LOG_LEVEL_INFO);
	assert_true(log_level_parse("debug", &level) && level == LOG_LEVEL_DEBUG);
	assert_true(log_format_parse("logfmt", &format) && format == LOG_FORMAT_LOGFMT);
	assert_true(log_format_parse("json", &format) && format == LOG_FORMAT_JSON);
	assert_false(log_level_parse("INFO", &level));
	assert_false(log_level_parse("", &level));
	assert_false(log_format_parse("xml", &format));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_int_equal(format, LOG_FORMAT_JSON);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		test_with_log(a_logfmt_line_has_time_level_event_and_program),
		test_with_log(the_context_of_the_call_is_in_the_line),
		test_with_log(client_bytes_cannot_break_a_logfmt_line),
		test_with_log(a_json_line_is_json_and_gives_every_value_back),
		test_with_log(what_is_less_important_than_the_level_is_left_out),
		test_with_log(a_failure_tells_its_code_message_and_detail),
		test_with_log(a_long_line_is_cut_and_still_one_line),
		test_with_log(a_long_json_line_is_cut_and_still_json),
		cmocka_unit_test(words_of_the_configuration_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
