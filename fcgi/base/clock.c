/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <limits.h>
#include <time.h>

static int64_t
read_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_wall_us(void)
{
	return read_us(CLOCK_REALTIME);
}

int64_t
clock_monotonic_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t
clock_monotonic_ms(void)
{
	return clock_monotonic_us() / 1000;
}

void
clock_rfc3339(int64_t seconds, char ret_text[CLOCK_RFC3339_BYTES])
{
	time_t time = (time_t)seconds;
	struct tm utc;

	strftime(ret_text, CLOCK_RFC3339_BYTES, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&time, &utc));
}

int
clock_left_ms(int64_t deadline_ms)
{
	int64_t left_ms = deadline_ms - clock_monotonic_ms();

	if (left_ms < 0)
		return 0;
	return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}
