# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh - Spark's pi.py as a batch: submitted, followed, its log read, its row shown.

DEMO_FILE=local:///opt/spark/examples/src/main/python/pi.py
DEMO_LIMIT_S=300
DEMO_ID=

demo_request() { printf '{"file": "%s", "name": "quickstart-pi-%s"}' "$DEMO_FILE" "$(date +%s)"; }

demo_submit() {
	local request answer
	request=$(demo_request)
	say_note "curl -X POST -H 'Content-Type: application/json' -d '$request' $LIVY_URL/batches"
	answer=$(curl -sS --max-time 30 -X POST -H 'Content-Type: application/json' -d "$request" "$LIVY_URL/batches") ||
		die "POST /batches got no answer" "$(process_log_file workers)" "deploy/quickstart status"
	say_note "$answer"
	DEMO_ID=$(jq -er '.id | numbers' <<<"$answer" 2>/dev/null) ||
		die "POST /batches was refused: $answer" "$(process_log_file workers)" "see the message"
}

demo_state() { curl -sS --max-time 10 "$LIVY_URL/batches/$DEMO_ID/state" | jq -r '.state // empty' 2>/dev/null; }

# Prints each state as it appears; ends with the final one in DEMO_STATE.
demo_follow() {
	local started=$SECONDS state
	DEMO_STATE=
	while ((SECONDS - started < DEMO_LIMIT_S)); do
		state=$(demo_state) || state=
		if [[ -n $state && $state != "$DEMO_STATE" ]]; then
			say_progress_end
			DEMO_STATE=$state
			say_note "$(printf '%4s s  %s' $((SECONDS - started)) "$state")"
		fi
		case $DEMO_STATE in
		success | dead | error | killed) return ;;
		esac
		sleep 0.5
	done
	die "batch $DEMO_ID is still '$DEMO_STATE' after $DEMO_LIMIT_S s" "$(process_log_file watcher)" "$(demo_remedy)"
}

demo_remedy() { echo "${KUBECTL[*]} -n $KUBERNETES_NAMESPACE get pods,events shows what the cluster does"; }

demo_log_lines() {
	curl -sS --max-time 10 "$LIVY_URL/batches/$DEMO_ID/log?from=0&size=${1:-10000}" | jq -r '.log[]?' 2>/dev/null
}
demo_pi_line() { grep -m 1 '^Pi is roughly' <<<"$(demo_log_lines)"; }

# The log is archived just after the last state, so it may come a moment later.
demo_log() {
	say_note "curl '$LIVY_URL/batches/$DEMO_ID/log'"
	if ! wait_until "$PATIENCE_S" "the driver's log" demo_pi_line; then
		demo_log_lines 10000 | tail -n 8 | sed 's/^/    | /'
		die "the log has no 'Pi is roughly'" "$(process_log_file watcher)" "$(demo_remedy)"
	fi
	say_note "$(demo_pi_line)"
}

demo_row() {
	say_note "psql '$PG_CONNINFO' -c 'SELECT ... FROM batch WHERE id = $DEMO_ID'"
	psql -X "$PG_CONNINFO" -c "SELECT id, name, state, app_id, date_trunc('second', finished_at - accepted_at) AS took
		FROM batch WHERE id = $DEMO_ID" 2>&1 | sed 's/^/    /'
}

demo_run() {
	say_step "submitting pi.py by POST /batches"
	demo_submit
	say_step "waiting for batch $DEMO_ID to end (a Spark driver and one executor in pods, about 40 s)"
	demo_follow
	if [[ $DEMO_STATE != success ]]; then
		demo_log_lines 10000 | tail -n 12 | cut -c1-200 | sed 's/^/    | /'
		say_note "$(curl -sS --max-time 10 "$LIVY_URL/batches/$DEMO_ID" | jq -r '.message // empty' | head -c 600)"
		die "batch $DEMO_ID ended as '$DEMO_STATE'" "$(process_log_file watcher)" "$(demo_remedy)"
	fi
	say_step "reading the driver's log by GET /batches/$DEMO_ID/log"
	demo_log
	say_step "the same batch as psql sees it"
	demo_row
}
