/*
 * bin/options.h - the command line and the signals of the long-running programs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BIN_OPTIONS_H
#define BIN_OPTIONS_H

#include <signal.h>

/* Beside --config, --help and --version each program has one option of its own. */
struct options_spec {
	const char *program;
	char letter;
	const char *name;
	const char *usage;
};

struct options {
	const char *config_path;        /* NULL: not given */
	const char *own;                /* the value of the program's own option; NULL: not given */
};

/* Ends the process after --help and --version, and with status 2 for what it does not understand. */
struct options options_parse(int argc, char **argv, const struct options_spec *spec);

/*
 * SIGTERM, SIGINT and SIGUSR1 (multiwatch) set *stop and let waits return, also those that begin just then; SIGPIPE is
 * ignored.
 */
void options_catch_signals(volatile sig_atomic_t *stop);

#endif
