# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# say.sh - what a person sees: steps, progress of long commands, failures with a remedy.

SAY_STEP=0
SAY_STEP_NAME=
SAY_STEP_STARTED=0

say() { printf '%s\n' "$*"; }
say_note() { printf '    %s\n' "$*"; }
say_warning() { printf '    warning: %s\n' "$*" >&2; }

# Begins a numbered step; the name says what is waited for.
say_step() {
	SAY_STEP=$((SAY_STEP + 1))
	SAY_STEP_NAME=$1
	SAY_STEP_STARTED=$SECONDS
	printf '[%2d] %s\n' "$SAY_STEP" "$1"
}

say_done() { printf '     done, %s%s\n' "$(say_elapsed "$SAY_STEP_STARTED")" "${1:+: $1}"; }

# say_elapsed START_SECONDS
say_elapsed() {
	local seconds=$((SECONDS - $1))
	if ((seconds >= 60)); then
		printf '%d min %02d s' $((seconds / 60)) $((seconds % 60))
	else
		printf '%d s' "$seconds"
	fi
}

# die WHAT [LOG_FILE] [REMEDY]: the one way a script ends in failure.
die() {
	{
		printf '\nFAILED%s: %s\n' "${SAY_STEP_NAME:+ in step $SAY_STEP ($SAY_STEP_NAME)}" "$1"
		if [[ -n ${2:-} && -s $2 ]]; then
			printf '  last lines of %s:\n' "$2"
			tail -n 12 "$2" | cut -c1-300 | sed 's/^/    | /'
		elif [[ -n ${2:-} ]]; then
			printf '  log:    %s\n' "$2"
		fi
		[[ -z ${3:-} ]] || printf '  remedy: %s\n' "$3"
	} >&2
	exit 1
}

# One line about a command under way: rewritten every second on a terminal, printed every 15 s elsewhere.
say_progress() {
	local what=$1 started=$2 log=$3 last
	# The log's last line tells what is being built; control characters would spoil the terminal.
	last=$(tail -c 400 "$log" 2>/dev/null | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 |
		tr -cd '[:print:]' | cut -c1-70) || last=
	if [[ -t 1 ]]; then
		printf '\r\033[K     %s, %s  %s' "$what" "$(say_elapsed "$started")" "${last:0:60}"
	elif (((SECONDS - started) % 15 == 0)); then
		printf '     %s, %s  %s\n' "$what" "$(say_elapsed "$started")" "$last"
	fi
}

say_progress_end() { [[ ! -t 1 ]] || printf '\r\033[K'; }

# run_long WHAT LOG COMMAND...: runs the command with its output in LOG and shows progress; returns its status.
run_long() {
	local what=$1 log=$2 started=$SECONDS pid status=0
	shift 2
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	# An interrupted script must not leave a compiler behind.
	trap 'say_progress_end; end_tree "$pid"; exit 130' INT TERM
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		say_progress "$what" "$started" "$log"
	done
	wait "$pid" || status=$?
	trap - INT TERM
	say_progress_end
	return "$status"
}

# end_tree PID: ends the process and all that it started.
end_tree() {
	local child children
	read -r -a children <"/proc/$1/task/$1/children" 2>/dev/null || true
	for child in "${children[@]}"; do
		end_tree "$child"
	done
	kill "$1" 2>/dev/null || true
}

# For what has to come; what ends instead is told at once (process_wait), so that only a slow machine waits so long.
# shellcheck disable=SC2034 # used by who sources this
PATIENCE_S=180

# wait_until SECONDS WHAT CONDITION...: waits for the condition; a longer wait shows progress. 1 = time is over.
wait_until() {
	local limit=$1 what=$2 started=$SECONDS
	shift 2
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS - started >= limit)); then
			say_progress_end
			return 1
		fi
		sleep 0.3
		((SECONDS - started < 5)) || say_wait_line "$what" "$started"
	done
	say_progress_end
}

SAY_WAIT_SAID=0
say_wait_line() {
	((SECONDS != SAY_WAIT_SAID)) || return 0
	SAY_WAIT_SAID=$SECONDS
	say_progress "waiting for $1" "$2" /dev/null
}
