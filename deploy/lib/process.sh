# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# process.sh - background programs: started with a pid file and a log, ended by process id.
#
# A pid file has four lines: process id, its start time in ticks since boot, the boot's id, and a hash of the command.
# Start time and boot id tell the program apart from a stranger that got the same number later.
#
# Expects RUN_DIR and LOG_DIR.

process_pid_file() { printf '%s/%s.pid' "$RUN_DIR" "$1"; }
process_log_file() { printf '%s/%s.log' "$LOG_DIR" "$1"; }
process_boot_id() { cat /proc/sys/kernel/random/boot_id; }

# Field 22 of /proc/PID/stat; the second field may hold spaces, so count from the last parenthesis.
process_start_ticks() {
	local pid=$1 stat threads
	stat=$(cat "/proc/$pid/stat" 2>/dev/null) || return 1
	stat=${stat##*) }
	# shellcheck disable=SC2086 # split into fields
	set -- $stat
	# A zombie has ended; its parent only has not asked yet. But the first thread may be one while others still end,
	# and with them the process's ports.
	if [[ $1 == Z ]]; then
		threads=("/proc/$pid/task"/*)
		((${#threads[@]} > 1)) || return 1
	fi
	printf '%s' "${20}"
}

# process_pid NAME: prints the id if that very process still runs.
process_pid() {
	local pid ticks boot hash
	{ read -r pid && read -r ticks && read -r boot; read -r hash; } 2>/dev/null <"$(process_pid_file "$1")" || return 1
	: "$hash"
	[[ $boot == "$(process_boot_id)" && $ticks == "$(process_start_ticks "$pid")" ]] || return 1
	printf '%s' "$pid"
}

process_running() { process_pid "$1" >/dev/null 2>&1; }

process_hash() { printf '%s\n' "$@" | sha256sum | cut -c1-16; }

# process_current NAME COMMAND...: runs, started with this very command.
process_current() {
	local name=$1
	shift
	process_running "$name" &&
		[[ $(sed -n 4p "$(process_pid_file "$name")") == "$(process_hash "$@" "${PROCESS_SALT:-}")" ]]
}

# process_start NAME COMMAND...: starts it unless it runs already with this same command; with another command
# (a changed option or configuration) it is ended first. PROCESS_SALT is hashed in: the configuration's content.
process_start() {
	local name=$1 hash pid log
	shift
	log=$(process_log_file "$name")
	hash=$(process_hash "$@" "${PROCESS_SALT:-}")
	! process_current "$name" "$@" || return 0
	process_stop "$name" || return 1
	mkdir -p "$RUN_DIR" "$LOG_DIR"
	process_rotate_log "$log"
	(
		# Own session: Ctrl-C in the terminal is for the script. No inherited descriptors: a lock held by
		# the script must not live on in its children.
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			((fd <= 2)) || eval "exec $fd>&-" 2>/dev/null
		done
		exec setsid "$@" >>"$log" 2>&1 </dev/null
	) &
	pid=$!
	disown "$pid"
	process_record "$name" "$pid" "$hash"
}

process_record() {
	local ticks
	ticks=$(process_start_ticks "$2") || ticks=0
	printf '%s\n%s\n%s\n%s\n' "$2" "$ticks" "$(process_boot_id)" "$3" >"$(process_pid_file "$1")"
}

process_rotate_log() {
	local size
	size=$(stat -c %s "$1" 2>/dev/null) || return 0
	((size < 20 * 1024 * 1024)) || mv -f "$1" "$1.1"
}

# process_signal NAME SIGNAL
process_signal() {
	local pid
	pid=$(process_pid "$1") || return 1
	kill -s "$2" "$pid"
}

# process_insist NAME: ends it and its children, which share its process group. multiwatch passes a signal on to its workers,
# but one that is just being made loses it, and multiwatch waits for it for ever.
process_insist() {
	local pid
	pid=$(process_pid "$1") || return 1
	kill -s KILL -- "-$pid"
}

# process_stop NAME [SIGNAL] [SECONDS]: asks, waits, then insists.
process_stop() {
	local name=$1 signal=${2:-TERM} limit=${3:-60} deadline
	if process_signal "$name" "$signal" 2>/dev/null; then
		deadline=$((SECONDS + limit))
		while process_running "$name"; do
			if ((SECONDS >= deadline)); then
				process_insist "$name" 2>/dev/null || true
				deadline=$((SECONDS + 5))
			fi
			sleep 0.1
		done
	fi
	rm -f "$(process_pid_file "$name")"
}

# process_settled NAME: runs, and has for a second.
process_settled() {
	local pid ticks uptime
	pid=$(process_pid "$1") && ticks=$(process_start_ticks "$pid") || return 1
	read -r uptime _ </proc/uptime
	((${uptime%%.*} * $(getconf CLK_TCK) - ticks >= $(getconf CLK_TCK)))
}

# process_wait NAME SECONDS READY...: 1 when the time is over, or the program ended meanwhile (told at once).
process_wait() {
	local name=$1 limit=$2
	shift 2
	wait_until "$limit" "$name" process_ready_or_dead "$name" "$@" && process_running "$name"
}

process_ready_or_dead() {
	local name=$1
	shift
	process_running "$name" || return 0
	"$@"
}
