/*
 * sparkgate-worker - answers requests, as FastCGI or plain CGI.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "api/dispatch.h"
#include "bin/options.h"
#include "http/transport.h"

static volatile sig_atomic_t stop;

static const struct options_spec spec = {
	.program = "sparkgate-worker",
	.letter = 'l',
	.name = "listen",
	.usage = "usage: sparkgate-worker [-c FILE] [-l ADDRESS]\n"
		 "  -c, --config FILE     configuration (else $SPARKGATE_CONFIG, else " SYSCONFDIR
		 "/sparkgate/sparkgate.yaml)\n"
		 "  -l, --listen ADDRESS  unix:/path or 127.0.0.1:9000; without it, descriptor 0 is the listening socket\n"
		 "                        (spawn-fcgi, systemd), or the environment is a CGI request\n"
		 "  -h, --help            this text\n"
		 "  -V, --version         the version\n",
};

static bool
serve(struct app *app, const char *listen)
{
	int listen_fd = 0;
	bool served;

	if (listen == NULL && transport_is_cgi())
		return transport_cgi_serve(dispatch, app);
	if (listen != NULL)
		listen_fd = transport_fcgi_listen(listen);
	if (listen_fd < 0) {
		fprintf(stderr, "sparkgate-worker: cannot listen on %s\n", listen);
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
	struct options options = options_parse(argc, argv, &spec);
	struct err err = ERR_INIT;
	struct app app;
	bool served = false;

	if (!transport_init()) {
		fputs("sparkgate-worker: libfcgi cannot be initialised\n", stderr);
		return 1;
	}
	options_catch_signals(&stop);
	if (app_init(&app, "sparkgate-worker", options.config_path, &err))
		served = serve(&app, options.own);
	else
		fprintf(stderr, "sparkgate-worker: %s\n", err.msg);
	app_release(&app);
	return served ? 0 : 1;
}
