/* SPDX-License-Identifier: Apache-2.0 */
#include "spark/amount.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What one unit has of bytes, as a power of two. */
static const struct {
	const char *suffix;
	int shift;
} units[] = {
	{ "", 20 },  { "b", 0 },   { "k", 10 },  { "kb", 10 }, { "m", 20 },  { "mb", 20 },
	{ "g", 30 }, { "gb", 30 }, { "t", 40 },  { "tb", 40 }, { "p", 50 },  { "pb", 50 },
};

bool
spark_memory_mib(const char *name, const char *text, int64_t *ret_mib, struct err *err)
{
	const char *digits = text + strspn(text, " \t");
	size_t digits_bytes = strspn(digits, "0123456789");
	char *end;
	uint64_t number;

	errno = 0;
	number = strtoull(digits, &end, 10);
	for (size_t i = 0; digits_bytes > 0 && errno == 0 && i < ARRAY_COUNT(units); i++) {
		int shift = units[i].shift;

		if (strcasecmp(end, units[i].suffix) != 0)
			continue;
		if (number > (uint64_t)INT64_MAX >> shift)
			break;
		*ret_mib = (int64_t)((number << shift) >> 20);
		return true;
	}
	return err_set(err, ERR_INVALID, "%s: '%s' is no amount of memory: write e.g. 512m or 2g", name, text);
}

int64_t
spark_overhead_mib(int64_t memory_mib, double factor, int64_t least_mib)
{
	int64_t part_mib = (int64_t)(factor * (double)memory_mib);

	return part_mib > least_mib ? part_mib : least_mib;
}

bool
spark_factor(const char *name, const char *text, double *ret_factor, struct err *err)
{
	char *end;

	*ret_factor = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(*ret_factor) || *ret_factor <= 0)
		return err_set(err, ERR_INVALID, "%s: '%s' is no factor above 0, e.g. 0.1", name, text);
	return true;
}

void
spark_factor_text(double factor, char ret_text[SPARK_FACTOR_BYTES])
{
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(ret_text, SPARK_FACTOR_BYTES - 2, "%.*g", digits, factor);
		if (strtod(ret_text, NULL) == factor)
			break;
	}
	if (strpbrk(ret_text, ".e") == NULL)
		strcat(ret_text, ".0");
}

int
spark_version_number(const char *version)
{
	int major = 0, minor = 0;

	return sscanf(version, "%3d.%3d", &major, &minor) == 2 && major > 0 && minor >= 0 ? major * 1000 + minor : 0;
}
