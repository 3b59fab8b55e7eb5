# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
#
# state.sh - the state directory: everything a quickstart or a cluster writes lies under it.

STATE_MARK=.sparkgate-state

# state_claim DIR: makes it ours. A directory with somebody's files in it is refused, because destroy removes it whole.
state_claim() {
	if [[ -d $1 && ! -e $1/$STATE_MARK && -n $(ls -A "$1") ]]; then
		die "$1 is not empty and not a state directory of sparkgate" "" "name an empty or a new directory with --dir"
	fi
	[[ -e $1/$STATE_MARK ]] || { mkdir -p "$1" && touch "$1/$STATE_MARK"; } ||
		die "the directory $1 cannot be made" "" "name another one with --dir"
}

# Up to 59 no port of a slot is another's, and all lie below those that the kernel gives to clients.
slot_number_check() {
	[[ $SLOT =~ ^[1-5]?[0-9]$ ]] || die "SPARKGATE_SLOT is '$SLOT'" "" "use a number from 0 to 59"
}

# The slot keeps several instances on one machine apart.
state_settings() {
	SLOT=${SPARKGATE_SLOT:-$(cat "$STATE_DIR/run/slot" 2>/dev/null || echo 0)}
	slot_number_check
	RUN_DIR=$STATE_DIR/run
	LOG_DIR=$STATE_DIR/log
	BUILD_DIR=$STATE_DIR/build
	PREFIX_DIR=$STATE_DIR/prefix
	PG_DIR=$STATE_DIR/pg
	CONFIG_FILE=$STATE_DIR/sparkgate.yaml
	if ((SLOT == 0)); then
		LIVY_PORT=8998 ALL_PORT=8080 SPARK_PORT=9888
	else
		LIVY_PORT=$((18998 + SLOT)) ALL_PORT=$((18080 + SLOT)) SPARK_PORT=$((19888 + SLOT))
	fi
	LIVY_URL=http://127.0.0.1:$LIVY_PORT
	ALL_URL=http://127.0.0.1:$ALL_PORT
	WORKER_SOCKET=$RUN_DIR/worker.sock
	# A socket's path has 107 bytes, and containerd's is the longest below the directory.
	((${#STATE_DIR} <= 60)) ||
		die "the state directory's path is too long for sockets: $STATE_DIR" "" "name a shorter one with --dir"
}

run_as_root() {
	if ((EUID == 0)); then
		"$@"
	else
		command -v sudo >/dev/null || die "this step needs root, and sudo is not installed" "" "run it as root"
		sudo "$@"
	fi
}
