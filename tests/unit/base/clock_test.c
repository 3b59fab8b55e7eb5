/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include <limits.h>
#include <time.h>

#include "base/clock.h"

static void
the_wall_clock_is_the_time_of_day_in_microseconds(void **state)
{
	int64_t before_s = time(NULL);
	int64_t now_us = clock_wall_us();
	int64_t after_s = time(NULL);

	(void)state;
	/* time() may read a coarser clock, which lags by a tick */
	assert_true(now_us / 1000000 >= before_s - 1 && now_us / 1000000 <= after_s + 1);
}

static void
the_monotonic_clock_never_goes_back(void **state)
{
	int64_t last_us = clock_monotonic_us();

	(void)state;
	for (int i = 0; i < 10000; i++) {
		int64_t now_us = clock_monotonic_us();

		assert_true(now_us >= last_us);
		last_us = now_us;
	}
	assert_true(clock_monotonic_ms() >= last_us / 1000);
}

static void
what_is_left_of_a_wait_is_never_negative_and_fits_an_int(void **state)
{
	int64_t now_ms = clock_monotonic_ms();
	int left_ms;

	(void)state;
	assert_int_equal(clock_left_ms(now_ms), 0);
	assert_int_equal(clock_left_ms(now_ms - 1000000), 0);
	assert_int_equal(clock_left_ms(0), 0);
	assert_int_equal(clock_left_ms(now_ms + (int64_t)INT_MAX * 4), INT_MAX);
	left_ms = clock_left_ms(now_ms + 3600000);
	assert_true(left_ms > 0 && left_ms <= 3600000);
}

static void
a_time_is_written_as_kubernetes_writes_it(void **state)
{
	char text[CLOCK_RFC3339_BYTES];

	(void)state;
	clock_rfc3339(0, text);
	assert_text("the beginning", text, "1970-01-01T00:00:00Z");
	clock_rfc3339(1795262400, text);
	assert_text("a day in 2026", text, "2026-11-21T12:00:00Z");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wall_clock_is_the_time_of_day_in_microseconds),
		cmocka_unit_test(the_monotonic_clock_never_goes_back),
		cmocka_unit_test(what_is_left_of_a_wait_is_never_negative_and_fits_an_int),
		cmocka_unit_test(a_time_is_written_as_kubernetes_writes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
