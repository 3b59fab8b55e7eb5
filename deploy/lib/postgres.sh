# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
#
# postgres.sh - a private PostgreSQL: own data directory, own socket, no network; the machine's own is not touched.
#
# PostgreSQL refuses root. Started by root it runs as the user "postgres", who may not be able to reach the
# state directory (a clone below /root, say): so it gets a mount namespace in which its part of the state
# directory lies where Debian keeps that user's home, which also hides the machine's own clusters from it.

PG_MINIMUM=15
PG_HOME=/var/lib/postgresql

postgres_settings() {
	PG_SOCKET_DIR=$PG_DIR/socket
	PG_CONNINFO="host=$PG_SOCKET_DIR dbname=sparkgate user=sparkgate"
	PG_BIN=$(postgres_bin) || PG_BIN=
}

# A data directory belongs to its major version; a new one gets the newest installed.
postgres_bin() {
	local wanted bin
	if wanted=$(run_as_root cat "$PG_DIR/data/PG_VERSION" 2>/dev/null); then
		bin=/usr/lib/postgresql/$wanted/bin
	else
		bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1)
	fi
	[[ -x $bin/initdb ]] && printf '%s' "$bin"
}

# Prints, one word a line, the command that runs a PostgreSQL program as the right user.
postgres_wrapper() {
	((EUID == 0)) || return 0
	# shellcheck disable=SC2016 # the inner shell's own arguments
	printf '%s\n' unshare --mount --propagation private bash -c \
		'mount --bind "$1" "$2" && shift 2 && exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"' \
		postgres "$PG_DIR" "$PG_HOME"
}

postgres_home() { if ((EUID == 0)); then printf '%s' "$PG_HOME"; else printf '%s' "$PG_DIR"; fi; }

postgres_init_command() {
	local wrapper home
	mapfile -t wrapper < <(postgres_wrapper)
	home=$(postgres_home)
	cd / && "${wrapper[@]}" "$PG_BIN/initdb" --pgdata "$home/data" --username postgres --auth peer \
		--encoding UTF8 --locale C.UTF-8 --data-checksums --no-instructions || return 1
	postgres_access
}

# Who may be whom: by the kernel's word on who is at the other end of the socket, so there is no password.
postgres_access() {
	cat >"$PG_DIR/data/pg_hba.conf" <<-END
	local all all peer map=sparkgate
	END
	cat >"$PG_DIR/data/pg_ident.conf" <<-END
	sparkgate postgres postgres
	sparkgate postgres sparkgate
	sparkgate postgres sparkgate_report
	sparkgate $(id -un) postgres
	sparkgate $(id -un) sparkgate
	sparkgate $(id -un) sparkgate_report
	END
}

postgres_init() {
	local log=$LOG_DIR/postgres-init.log
	# One that an earlier version has made does not know all of those names.
	[[ ! -s $PG_DIR/data/pg_ident.conf ]] || { postgres_access; return; }
	mkdir -p "$PG_DIR/socket"
	if ((EUID == 0)); then
		chown postgres:postgres "$PG_DIR" "$PG_DIR/socket"
	fi
	chmod 700 "$PG_DIR" "$PG_DIR/socket"
	# An initdb that was interrupted left a directory that is no cluster.
	rm -rf "$PG_DIR/data"
	postgres_init_command >"$log" 2>&1 || die "the database could not be created" "$log" "see the log; then run again"
}

postgres_start() {
	local wrapper home
	mapfile -t wrapper < <(postgres_wrapper)
	home=$(postgres_home)
	(cd / && process_start postgres "${wrapper[@]}" "$PG_BIN/postgres" -D "$home/data" \
		-c listen_addresses= -c unix_socket_directories="$home/socket" -c unix_socket_permissions=0700 \
		-c cluster_name=sparkgate -c log_line_prefix='%m [%p] %q%u@%d ')
}

postgres_psql() { psql -X -q -v ON_ERROR_STOP=1 -h "$PG_SOCKET_DIR" -U postgres "$@"; }
postgres_ready() { "$PG_BIN/pg_isready" -q -h "$PG_SOCKET_DIR"; }

postgres_database() {
	postgres_psql -d postgres <<-END
	SELECT 'CREATE ROLE sparkgate LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sparkgate') \gexec
	SELECT 'CREATE DATABASE sparkgate OWNER sparkgate'
	 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'sparkgate') \gexec
	SELECT to_regrole('sparkgate_report') IS NULL AS report_role_missing \gset
	\if :report_role_missing
	\i $CLONE_DIR/sql/report_role.sql
	\endif
	GRANT sparkgate_report TO sparkgate;
	END
}

postgres_up() {
	local log
	log=$(process_log_file postgres)
	if [[ -z $PG_BIN ]]; then
		die "no PostgreSQL server programs fit $PG_DIR/data" "" "install postgresql, or destroy and start anew"
	fi
	[[ $(basename "$(dirname "$PG_BIN")") -ge $PG_MINIMUM ]] ||
		die "PostgreSQL in $PG_BIN is too old" "" "install version $PG_MINIMUM or newer"
	postgres_init
	postgres_start
	wait_until "$PATIENCE_S" PostgreSQL postgres_ready || die "PostgreSQL did not answer" "$log" "see the log; then run again"
	postgres_database >"$LOG_DIR/postgres-init.log" 2>&1 ||
		die "role and database could not be created" "$LOG_DIR/postgres-init.log" "see the log"
}

# INT is PostgreSQL's fast shutdown: sessions are ended, nothing is lost.
postgres_down() { process_stop postgres INT "$PATIENCE_S"; }
