# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# gateway.sh - the gateway's own processes: workers, watcher, nginx.

# A changed configuration or program is a reason to start again.
gateway_salt() { cat "$CONFIG_FILE" "$BUILD_DIR/stamp" 2>/dev/null; }

workers_start() {
	local multiwatch
	# spawn-fcgi does not search the PATH.
	multiwatch=$(command -v multiwatch) || die "multiwatch is not installed" "" "install it, then run again"
	# -n keeps the process id; 0600: whoever may open the socket may speak as any client.
	local command=(spawn-fcgi -s "$WORKER_SOCKET" -M 0600 -n --
		"$multiwatch" --forks=2 --retry=100 --signal=TERM -- "$WORKER_PROGRAM" -c "$CONFIG_FILE")
	export PROCESS_SALT
	PROCESS_SALT=$(gateway_salt)
	process_current workers "${command[@]}" || workers_stop
	process_start workers "${command[@]}"
	unset PROCESS_SALT
}

# A worker that outlives its supervisor would hold the socket, so each is seen to its end.
workers_stop() {
	local supervisor workers=()
	if supervisor=$(process_pid workers); then
		read -r -a workers <"/proc/$supervisor/task/$supervisor/children" 2>/dev/null || true
	fi
	process_stop workers
	wait_until 5 "the workers to end" workers_ended "${workers[@]}" || workers_kill "${workers[@]}"
	rm -f "$WORKER_SOCKET"
}

# worker_is PID: the number may belong to somebody else by now.
worker_is() { [[ $(readlink "/proc/$1/exe" 2>/dev/null) == "$WORKER_PROGRAM"* ]]; }

workers_ended() {
	local pid
	for pid in "$@"; do
		! worker_is "$pid" || return 1
	done
}

workers_kill() {
	local pid
	for pid in "$@"; do
		! worker_is "$pid" || kill -9 "$pid"
	done
}

workers_ready() { [[ -S $WORKER_SOCKET ]] && process_running workers; }

watcher_start() {
	PROCESS_SALT=$(gateway_salt) process_start watcher "$WATCHER_PROGRAM" -c "$CONFIG_FILE"
}

# It signs in as a user of its own, with the rights of deploy/kubernetes/operator-rbac.yaml.in.
operator_start() {
	PROCESS_SALT=$(gateway_salt) process_start operator \
		env SPARKGATE_CLUSTERS_DEFAULT_KUBECONFIG="$OPERATOR_KUBECONFIG_FILE" "$OPERATOR_PROGRAM" -c "$CONFIG_FILE"
}

nginx_program() { PATH=$PATH:/usr/sbin command -v nginx; }

nginx_start() {
	local dir=$STATE_DIR/nginx options="daemon off;" salt
	# Its own run directory: nginx writes a pid file too, with another content than ours.
	mkdir -p "$dir"
	sh "$CLONE_DIR/nginx/render" --out "$dir" --socket "$WORKER_SOCKET" --run "$dir" --log "$LOG_DIR" \
		--livy-port "$LIVY_PORT" --all-port "$ALL_PORT" --spark-port "$SPARK_PORT" \
		--config "$CONFIG_FILE" --ctl "$CTL_PROGRAM" >"$LOG_DIR/nginx-render.log" 2>&1 ||
		die "nginx/render failed" "$LOG_DIR/nginx-render.log" "see the log"
	# Started by root its workers would be another user, who cannot reach a state directory below /root.
	((EUID != 0)) || grep -qrE '^[[:space:]]*user[[:space:]]' "$dir" || options+=" user root;"
	! grep -qrE '^[[:space:]]*daemon[[:space:]]' "$dir" || options=${options#daemon off;}
	salt=$(cat "$dir"/*.conf)
	PROCESS_SALT=$salt process_start nginx "$(nginx_program)" -p "$dir" -c "$dir/sparkgate.conf" -g "$options"
}

ports_check() {
	local port holder
	! process_running nginx || return 0
	for port in "$LIVY_PORT" "$ALL_PORT" "$SPARK_PORT"; do
		holder=$(ss -Hltnp "sport = :$port" 2>/dev/null | awk 'NR == 1 { print $4, $6 }')
		[[ -z $holder ]] || die "port $port is taken: $holder" "" \
			"end that program, or run with SPARKGATE_SLOT=2 in the environment (other ports)"
	done
}

# /readyz: nginx, a worker, PostgreSQL and the schema, all in one answer.
gateway_ready() { curl -fsS --max-time 3 "$ALL_URL/readyz"; }

workers_up() {
	workers_start
	process_wait workers "$PATIENCE_S" workers_ready ||
		die "the workers did not start" "$(process_log_file workers)" "see the log; then run again"
}

watcher_up() {
	watcher_start
	# It has no port; one that cannot work ends within the first moments.
	process_wait watcher "$PATIENCE_S" process_settled watcher ||
		die "the watcher ended" "$(process_log_file watcher)" "see the log; then run again"
}

operator_up() {
	operator_start
	process_wait operator "$PATIENCE_S" process_settled operator ||
		die "the operator ended" "$(process_log_file operator)" "see the log; then run again"
}

nginx_up() {
	ports_check
	nginx_start
	process_wait nginx "$PATIENCE_S" gateway_ready || die "the gateway is not ready: $(gateway_trouble)" \
		"$(process_log_file workers)" "see also $(process_log_file nginx) and $LOG_DIR/nginx-error.log"
}

gateway_trouble() { curl -sS --max-time 3 "$ALL_URL/readyz" 2>&1 | head -c 300; }

# What nginx/render has found for them outside of the state directory, too.
polls_remove() {
	local dir
	dir=$(sed -n 's|^fastcgi_cache_path \([^ ]*\)/nginx-polls .*|\1|p' "$STATE_DIR/nginx/polls.conf" 2>/dev/null) || return 0
	[[ -n $dir ]] || return 0
	rm -rf "$dir/nginx-polls"
	rmdir "$dir" 2>/dev/null || true # the state directory's own has more in it
}

gateway_down() {
	process_stop nginx QUIT 5
	polls_remove
	process_stop watcher
	process_stop operator
	workers_stop
}
