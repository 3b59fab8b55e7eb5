/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pause - process 1 of a pod's sandbox: holds the namespaces, reaps orphans, ends on SIGTERM.
 */
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

static void
end(int signal_number)
{
	(void)signal_number;
	_exit(0);
}

static void
reap(int signal_number)
{
	(void)signal_number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

int
main(void)
{
	/* process 1 gets no default actions from the kernel: without handlers SIGTERM would be ignored */
	struct sigaction ending = { .sa_handler = end };
	struct sigaction reaping = { .sa_handler = reap, .sa_flags = SA_NOCLDSTOP };

	if (sigaction(SIGTERM, &ending, NULL) != 0 || sigaction(SIGINT, &ending, NULL) != 0 ||
	    sigaction(SIGCHLD, &reaping, NULL) != 0)
		return 1;
	for (;;)
		pause();
}
