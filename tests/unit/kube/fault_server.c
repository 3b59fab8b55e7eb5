/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"

#define CONNECTIONS_MAX 16
#define HEAD_BYTES 16384

static void
must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	_exit(1);
}

/* The head of a request, and its body thrown away. False when the client is gone. */
static bool
read_request(int fd, char *head)
{
	size_t size_bytes = 0;
	ssize_t more;
	char *end, *length;
	size_t body_bytes;

	head[0] = '\0';
	while ((end = strstr(head, "\r\n\r\n")) == NULL) {
		more = recv(fd, head + size_bytes, HEAD_BYTES - 1 - size_bytes, 0);
		if (more <= 0)
			return false;
		size_bytes += (size_t)more;
		head[size_bytes] = '\0';
	}
	length = strcasestr(head, "\r\ncontent-length:");
	body_bytes = length == NULL ? 0 : strtoul(length + 17, NULL, 10);
	for (size_t got_bytes = size_bytes - (size_t)(end + 4 - head); got_bytes < body_bytes;
	     got_bytes += (size_t)more) {
		char rest[4096];

		more = recv(fd, rest, sizeof(rest), 0);
		if (more <= 0)
			return false;
	}
	return true;
}

static void
serve(int listener, fault_fn answer)
{
	struct pollfd fds[1 + CONNECTIONS_MAX] = { { .fd = listener, .events = POLLIN } };
	int fds_count = 1, requests = 0;
	char head[HEAD_BYTES];

	for (;;) {
		must(poll(fds, (nfds_t)fds_count, -1) >= 0, "poll");
		for (int i = fds_count - 1; i > 0; i--) {
			if (fds[i].revents == 0)
				continue;
			if (read_request(fds[i].fd, head) && answer(fds[i].fd, requests++, head))
				continue;
			close(fds[i].fd);
			fds[i] = fds[--fds_count];
		}
		if (fds[0].revents == 0 || fds_count > CONNECTIONS_MAX)
			continue;
		fds[fds_count] = (struct pollfd){ .fd = accept(listener, NULL, NULL), .events = POLLIN };
		must(fds[fds_count++].fd >= 0, "accept");
	}
}

void
fault_server_start(struct fault_server *server, fault_fn answer)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		     listen(listener, 16) == 0 && getsockname(listener, (struct sockaddr *)&address, &size) == 0,
	     "listen");
	server->port = ntohs(address.sin_port);
	server->pid = fork();
	must(server->pid >= 0, "fork");
	if (server->pid == 0) {
		/* A test that crashes leaves nobody behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		serve(listener, answer);
	}
	close(listener);
}

void
fault_server_stop(struct fault_server *server)
{
	if (server->pid <= 0)
		return;
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	server->pid = 0;
}

void
fault_send(int fd, const char *text)
{
	size_t left_bytes = strlen(text);

	while (left_bytes > 0) {
		ssize_t sent_bytes = send(fd, text, left_bytes, 0);

		if (sent_bytes <= 0)
			return;
		text += sent_bytes;
		left_bytes -= (size_t)sent_bytes;
	}
}

void
fault_answer(int fd, int http_status, const char *more_headers, const char *body)
{
	char head[512];

	snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n",
		 http_status, more_headers, strlen(body));
	fault_send(fd, head);
	fault_send(fd, body);
}

void
fault_begin_chunks(int fd)
{
	fault_send(fd, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void
fault_chunk(int fd, const char *text)
{
	char size[32];

	snprintf(size, sizeof(size), "%zx\r\n", strlen(text));
	fault_send(fd, size);
	fault_send(fd, text);
	fault_send(fd, "\r\n");
}

void
fault_say_nothing(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) > 0)
		continue;
}

void
fault_endless(int fd)
{
	static char chunk[65537];

	memset(chunk, ' ', sizeof(chunk) - 1);
	fault_begin_chunks(fd);
	for (size_t sent_bytes = 0; sent_bytes < 2 * (size_t)LIMIT_KUBE_ANSWER_BYTES; sent_bytes += sizeof(chunk) - 1)
		fault_chunk(fd, chunk);
}
