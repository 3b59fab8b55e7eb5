/* SPDX-License-Identifier: Apache-2.0 */
#include "../../lib/unit.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bin/options.h"
#include "http/transport.h"

#define LIMIT_S 30

static int signal_before_accept;
static volatile sig_atomic_t stop;

/* Stands before the C library's: libfcgi takes this one. */
int
accept(int listen_fd, struct sockaddr *address, socklen_t *size)
{
	int number = signal_before_accept;

	signal_before_accept = 0;
	if (number != 0)
		raise(number);
	return (int)syscall(SYS_accept, listen_fd, address, size);
}

static void
handle(void *context, struct arena *arena, const struct request *request, struct response *response)
{
	(void)context;
	(void)arena;
	(void)request;
	(void)response;
}

static int
listen_somewhere(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX }; /* the kernel chooses the name */
	int listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (listen_fd < 0 || bind(listen_fd, (struct sockaddr *)&address, sizeof(sa_family_t)) != 0 || listen(listen_fd, 1) != 0)
		abort();
	return listen_fd;
}

/* Does it end by itself? It would have until the limit. */
static int
status_of_waiting_program(int number)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		signal_before_accept = number;
		options_catch_signals(&stop);
		_exit(transport_init() && transport_fcgi_serve(listen_somewhere(), handle, NULL, &stop) ? 0 : 1);
	}
	assert_true(pid > 0);
	for (int i = 0; i < LIMIT_S * 100 && waitpid(pid, &status, WNOHANG) == 0; i++)
		usleep(10000);
	if (status == -1) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	return status;
}

static void
a_signal_just_before_a_wait_ends_it(void **state)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGUSR1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		assert_number(strsignal(numbers[i]), status_of_waiting_program(numbers[i]), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(a_signal_just_before_a_wait_ends_it) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
