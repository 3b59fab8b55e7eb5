/*
 * sparkgate-worker - answers requests, as FastCGI or plain CGI.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/dispatch.h"
#include "http/transport.h"

static volatile sig_atomic_t stop;

static void
on_stop(int signal_number)
{
	(void)signal_number;
	stop = 1;
}

struct options {
	const char *config_path;
	const char *listen;
};

static void
usage(FILE *to)
{
	fputs("usage: sparkgate-worker [-c FILE] [-l ADDRESS]\n"
	      "  -c, --config FILE     configuration (else $SPARKGATE_CONFIG, else " SYSCONFDIR "/sparkgate/sparkgate.yaml)\n"
	      "  -l, --listen ADDRESS  unix:/path or 127.0.0.1:9000; without it, descriptor 0 is the listening socket\n"
	      "                        (spawn-fcgi, systemd), or the environment is a CGI request\n"
	      "  -h, --help            this text\n"
	      "  -V, --version         the version\n", to);
}

static struct options
parse_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' }, { "listen", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },         { "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	struct options options = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, "c:l:hV", known, NULL)) != -1) {
		switch (option) {
		case 'c':
			options.config_path = optarg;
			break;
		case 'l':
			options.listen = optarg;
			break;
		case 'V':
			puts("sparkgate-worker " PACKAGE_VERSION);
			exit(0);
		default:
			usage(option == 'h' ? stdout : stderr);
			exit(option == 'h' ? 0 : 2);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "sparkgate-worker: what is '%s'?\n", argv[optind]);
		usage(stderr);
		exit(2);
	}
	return options;
}

static void
catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_stop }; /* no SA_RESTART: accept() is to return */

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool
serve(struct app *app, const struct options *options)
{
	int listen_fd = 0;
	bool served;

	if (options->listen == NULL && transport_is_cgi())
		return transport_cgi_serve(dispatch, app);
	if (options->listen != NULL)
		listen_fd = transport_fcgi_listen(options->listen);
	if (listen_fd < 0) {
		fprintf(stderr, "sparkgate-worker: cannot listen on %s\n", options->listen);
		return false;
	}
	log_event(&app->log, LOG_LEVEL_INFO, "started", LOG_TEXT("version", PACKAGE_VERSION));
	served = transport_fcgi_serve(listen_fd, dispatch, app, &stop);
	log_event(&app->log, LOG_LEVEL_INFO, "stopped");
	return served;
}

int
main(int argc, char **argv)
{
	struct options options = parse_options(argc, argv);
	struct err err = ERR_INIT;
	struct app app;
	bool served = false;

	if (!transport_init()) {
		fputs("sparkgate-worker: libfcgi cannot be initialised\n", stderr);
		return 1;
	}
	catch_signals();
	if (app_init(&app, "sparkgate-worker", options.config_path, &err))
		served = serve(&app, &options);
	else
		fprintf(stderr, "sparkgate-worker: %s\n", err.msg);
	app_release(&app);
	return served ? 0 : 1;
}
