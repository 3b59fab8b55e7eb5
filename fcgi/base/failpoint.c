/* SPDX-License-Identifier: Apache-2.0 */
#include "base/failpoint.h"

#ifdef SPARKGATE_FAILPOINTS

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* Does "log.*=0.1,..." begin with a rule for this name? */
static bool
fits(const char *rule, const char *name)
{
	size_t size = strcspn(rule, "=*");

	return strncmp(rule, name, size) == 0 && (rule[size] == '*' || name[size] == '\0');
}

static double
probability_of(const char *name)
{
	const char *rule = getenv("SPARKGATE_FAILPOINTS");

	for (; rule != NULL && *rule != '\0'; rule += strspn(rule, ",")) {
		const char *value = strchr(rule, '=');

		if (value != NULL && fits(rule, name))
			return strtod(value + 1, NULL);
		rule += strcspn(rule, ",");
	}
	return 0;
}

/* One write of a short line to a file opened for appending is whole, also beside other processes. */
static void
record(const char *name)
{
	const char *path = getenv("SPARKGATE_FAILPOINTS_LOG");
	int fd = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || dprintf(fd, "%s\n", name) < 0)
		abort(); /* a kill that is not counted is none */
	close(fd);
}

void
failpoint(const char *name)
{
	double probability = probability_of(name);
	uint32_t drawn = 0;

	if (probability <= 0 || getrandom(&drawn, sizeof(drawn), 0) != (ssize_t)sizeof(drawn) ||
	    drawn >= probability * UINT32_MAX)
		return;
	record(name);
	raise(SIGKILL);
}

#endif
