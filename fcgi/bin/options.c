/* SPDX-License-Identifier: Apache-2.0 */
#include "bin/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The one piece of state outside struct app: a signal handler reaches nothing else. */
static volatile sig_atomic_t *stop_flag;

/* A signal that comes just before a call that waits does not end that wait: so it comes again, until the program ends. */
#define AGAIN_S 1

static void
on_stop(int signal_number)
{
	(void)signal_number;
	*stop_flag = 1;
	alarm(AGAIN_S);
}

void
options_catch_signals(volatile sig_atomic_t *stop)
{
	struct sigaction action = { .sa_handler = on_stop }; /* no SA_RESTART: waits are to return */

	stop_flag = stop;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

struct options
options_parse(int argc, char **argv, const struct options_spec *spec)
{
	const struct option known[] = {
		{ "config", required_argument, NULL, 'c' }, { spec->name, required_argument, NULL, spec->letter },
		{ "help", no_argument, NULL, 'h' },         { "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const char letters[] = { 'c', ':', spec->letter, ':', 'h', 'V', '\0' };
	struct options options = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, letters, known, NULL)) != -1) {
		if (option == 'c') {
			options.config_path = optarg;
		} else if (option == spec->letter) {
			options.own = optarg;
		} else if (option == 'V') {
			printf("%s " PACKAGE_VERSION "\n", spec->program);
			exit(0);
		} else {
			fputs(spec->usage, option == 'h' ? stdout : stderr);
			exit(option == 'h' ? 0 : 2);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: what is '%s'?\n%s", spec->program, argv[optind], spec->usage);
		exit(2);
	}
	return options;
}
