/*
 * sparkgate-operator - runs SparkApplication objects without a JVM of its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "bin/operator_render.h"

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "render") == 0)
		return operator_render(argc - 1, argv + 1);
	fputs("usage: sparkgate-operator render [OPTION]... FILE\n", stderr);
	return 2;
}
