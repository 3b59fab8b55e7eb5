/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include "api/livy/livy.h"

static bool
parse(struct arena *arena, const char *query, struct store_list_filter *filter, bool *is_filtered, struct err *err)
{
	const struct request request = { .query = query };
	struct call call = { .arena = arena, .request = &request };

	return livy_parse_filter(&call, filter, is_filtered, err);
}

static struct store_list_filter
good(struct arena *arena, const char *query)
{
	struct store_list_filter filter;
	struct err err = ERR_INIT;
	bool is_filtered;

	if (!parse(arena, query, &filter, &is_filtered, &err))
		fail_msg("%s: %s", query, err.msg);
	assert_number(query, is_filtered, true);
	return filter;
}

static void
livys_own_parameters_make_no_filtered_list(void **state)
{
	static const char *const rows[] = { "", "from=3", "size=5", "from=x&size=y", "doAs=ann", "states=dead" };

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct store_list_filter filter;
		struct err err = ERR_INIT;
		bool is_filtered = true;

		assert_true(parse(*state, rows[i], &filter, &is_filtered, &err));
		assert_number(rows[i], is_filtered, false);
	}
}

static void
states_come_in_a_list_or_one_by_one(void **state)
{
	static const char *const rows[] = { "state=dead,killed", "state=dead&state=killed", "state=dead%2Ckilled",
					    "state=killed,dead,dead&state=dead" };

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct store_list_filter filter = good(*state, rows[i]);

		assert_number(rows[i], filter.has_states, true);
		for (int word = 0; word < BATCH_STATE_COUNT; word++)
			assert_number(rows[i], filter.states[word], word == BATCH_DEAD || word == BATCH_KILLED);
	}
}

static void
starting_is_also_what_no_cluster_has_yet(void **state)
{
	struct store_list_filter filter = good(*state, "state=starting");

	assert_true(filter.states[BATCH_ACCEPTED] && filter.states[BATCH_STARTING] && !filter.states[BATCH_RUNNING]);
}

static void
times_are_iso_8601(void **state)
{
	static const struct {
		const char *query;
		const char *wanted;
	} rows[] = {
		{ "createdAfter=2026-11-21", "2026-11-21 00:00:00.000000+00:00" },
		{ "createdAfter=2026-11-21T12:30", "2026-11-21 12:30:00.000000+00:00" },
		{ "createdAfter=2026-11-21T12:30:59Z", "2026-11-21 12:30:59.000000+00:00" },
		{ "createdAfter=2026-11-21t12:30:59.5z", "2026-11-21 12:30:59.500000+00:00" },
		{ "createdAfter=2026-11-21T12:30:59,123456789Z", "2026-11-21 12:30:59.123456+00:00" },
		{ "createdAfter=2026-11-21T12:30:59%2B05:30", "2026-11-21 12:30:59.000000+05:30" },
		{ "createdAfter=2026-11-21T12:30:59+0530", "2026-11-21 12:30:59.000000+05:30" },
		{ "createdAfter=2026-11-21T12:30:59-08", "2026-11-21 12:30:59.000000-08:00" },
		{ "createdAfter=2024-02-29", "2024-02-29 00:00:00.000000+00:00" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		assert_text(rows[i].query, good(*state, rows[i].query).accepted_from, rows[i].wanted);
}

static void
words_are_decoded(void **state)
{
	struct store_list_filter filter = good(*state, "owner=a%20b&namePrefix=%C3%A9t%C3%A9&cluster=west&limit=7&order=desc&"
					       "protocol=spark_rest");

	assert_text("owner", filter.owner, "a b");
	assert_text("namePrefix", filter.name_prefix, "\xc3\xa9t\xc3\xa9");
	assert_text("cluster", filter.cluster, "west");
	assert_number("limit", filter.limit, 7);
	assert_true(filter.newest_first && filter.has_protocol);
	assert_number("protocol", filter.protocol, BATCH_SPARK_REST);
	assert_number("limit by size", good(*state, "owner=a&size=9").limit, 9);
	assert_number("no limit", good(*state, "owner=a").limit, 100);
}

static void
a_cursor_leads_back_to_its_position(void **state)
{
	static const int64_t positions[] = { 1, 255, INT64_C(9007199254740993), (INT64_C(1) << 60) - 1 };

	for (size_t i = 0; i < ARRAY_COUNT(positions); i++) {
		for (int newest = 0; newest < 2; newest++) {
			struct store_list_filter filter = { .newest_first = newest };
			const char *cursor = livy_cursor(*state, &filter, positions[i]);
			char *query = arena_printf(*state, "cursor=%s&order=%s", cursor, newest ? "desc" : "asc");

			assert_number(query, good(*state, query).position, positions[i]);
		}
	}
	assert_number("the first page", good(*state, "cursor=").position, 0);
}

static void
a_bad_value_is_told_with_its_name_and_the_remedy(void **state)
{
	static const struct {
		const char *query;
		const char *name;
		const char *remedy;
	} rows[] = {
		{ "state=idle", "state: 'idle'", "starting, running, success, dead, killed, error" },
		{ "state=accepted", "state: 'accepted'", "starting" },
		{ "state=", "state: ''", "starting" },
		{ "state=dead,", "state: ''", "starting" },
		{ "state=DEAD", "state: 'DEAD'", "dead" },
		{ "owner=", "owner:", "leave owner out" },
		{ "namePrefix=%ff", "namePrefix:", "UTF-8" },
		{ "cluster=%ed%a0%80", "cluster:", "UTF-8" },
		{ "createdAfter=yesterday", "createdAfter: 'yesterday'", "ISO 8601" },
		{ "createdAfter=", "createdAfter: ''", "ISO 8601" },
		{ "createdBefore=2026-02-29", "createdBefore:", "ISO 8601" },
		{ "createdBefore=2026-13-01", "createdBefore:", "ISO 8601" },
		{ "createdBefore=2026-11-21T24:00:00Z", "createdBefore:", "ISO 8601" },
		{ "createdBefore=2026-11-21T12:00:00.Z", "createdBefore:", "ISO 8601" },
		{ "createdBefore=2026-11-21T12:00:00Z;", "createdBefore:", "ISO 8601" },
		{ "createdBefore=2026-11-21%2000:00", "createdBefore:", "ISO 8601" },
		{ "order=up", "order: 'up'", "asc" },
		{ "limit=0", "limit: 0", "1 to 1000" },
		{ "limit=1001", "limit: 1001", "1 to 1000" },
		{ "limit=ten", "\"ten\"", "limit is a 32-bit number" },
		{ "owner=a&size=-1", "size: -1", "1 to 1000" },
		{ "cursor=7", "cursor: '7'", "next" },
		{ "cursor=a", "cursor: 'a'", "next" },
		{ "cursor=axyz", "cursor: 'axyz'", "next" },
		{ "cursor=affffffffffffffff", "cursor:", "next" },
		{ "cursor=d5", "cursor: 'd5'", "order" },
		{ "cursor=a5&order=desc", "cursor: 'a5'", "order" },
		{ "owner=a&from=3", "from:", "cursor" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct store_list_filter filter;
		struct err err = ERR_INIT;
		bool is_filtered;

		assert_number(rows[i].query, parse(*state, rows[i].query, &filter, &is_filtered, &err), false);
		assert_number(rows[i].query, err.code, ERR_INVALID);
		assert_contains(rows[i].query, err.msg, rows[i].name);
		assert_contains(rows[i].query, err.msg, rows[i].remedy);
	}
	struct store_list_filter filter;
	struct err err = ERR_INIT;
	char *longest = arena_printf(*state, "owner=%0256d", 0);
	bool is_filtered;

	assert_number("too long", parse(*state, longest, &filter, &is_filtered, &err), false);
	assert_contains("too long", err.msg, "255");
}

static void
only_version_0_1_of_the_api_is_acceptable(void **state)
{
	static const struct {
		const char *accept;
		bool wanted;
	} rows[] = {
		{ NULL, true },
		{ "*/*", true },
		{ "text/html", true },
		{ "application/vnd.livy.v0.1+json", true },
		{ "text/html, application/vnd.livy.v0.1+json;q=0.5", true },
		{ "application/vnd.livy.v1+json", false },
		{ "application/vnd.livy.v0.10+json", false },
		{ "application/vnd.livy.v0+json", false },
		{ "application/vnd.livy.v+json", false },
		{ "application/vnd.livy.v9", false },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct request request = { .accept = rows[i].accept };
		struct call call = { .arena = *state, .request = &request };
		struct err err = ERR_INIT;

		assert_number(rows[i].accept, livy_check_version(&call, &err), rows[i].wanted);
		assert_number(rows[i].accept, err.code, rows[i].wanted ? ERR_NONE : ERR_NOT_ACCEPTABLE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_arena(livys_own_parameters_make_no_filtered_list),
		unit_test_with_arena(states_come_in_a_list_or_one_by_one),
		unit_test_with_arena(starting_is_also_what_no_cluster_has_yet),
		unit_test_with_arena(times_are_iso_8601),
		unit_test_with_arena(words_are_decoded),
		unit_test_with_arena(a_cursor_leads_back_to_its_position),
		unit_test_with_arena(a_bad_value_is_told_with_its_name_and_the_remedy),
		unit_test_with_arena(only_version_0_1_of_the_api_is_acceptable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
