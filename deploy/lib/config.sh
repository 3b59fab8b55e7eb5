# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# config.sh - the gateway's configuration file, generated from what this quickstart started.

config_text() {
	cat <<-END
	# Written by deploy/quickstart up; each run writes it again.
	database:
	  conninfo: "$PG_CONNINFO"
	clusters:
	  default:
	    kubeconfig: "$KUBECONFIG_FILE"
	END
	[[ -z $OWN_CONTEXT ]] || printf '    context: "%s"\n' "$OWN_CONTEXT"
	cat <<-END
	    namespace: $KUBERNETES_NAMESPACE
	    service_account: $KUBERNETES_SERVICE_ACCOUNT
	    image: $SPARK_IMAGE
	    spark_version: "$SPARK_VERSION"
	    operator: $OPERATOR_KIND
	    k8s_submissions: true
	END
	[[ $TARGET != local ]] || config_local_conf
	cat <<-END
	log:
	  level: info
	  format: logfmt
	metrics:
	  shared_file: $RUN_DIR/metrics
	END
}

config_local_conf() {
	cat <<-END
	    # Small pods: this is one machine. It may be busy: Spark would give up after 10 s without the Kubernetes API.
	    default_conf:
	      spark.driver.memory: 512m
	      spark.executor.memory: 512m
	      spark.executor.instances: "1"
	      spark.kubernetes.driver.request.cores: 100m
	      spark.kubernetes.executor.request.cores: 100m
	      spark.kubernetes.driver.connectionTimeout: "180000"
	      spark.kubernetes.driver.requestTimeout: "180000"
	      spark.kubernetes.submission.connectionTimeout: "180000"
	      spark.kubernetes.submission.requestTimeout: "180000"
	    # The local cluster has neither DNS nor service routing.
	    enforced_conf:
	      spark.kubernetes.driver.master: "$SPARKGATE_APISERVER"
	      spark.kubernetes.executor.useDriverPodIP: "true"
	END
}

config_up() {
	local log=$LOG_DIR/config.log
	config_text >"$CONFIG_FILE.new"
	mv -f "$CONFIG_FILE.new" "$CONFIG_FILE"
	"$CTL_PROGRAM" -c "$CONFIG_FILE" check-config >"$log" 2>&1 ||
		die "the generated configuration was refused" "$log" "look at $CONFIG_FILE"
}

schema_up() {
	local log=$LOG_DIR/migrate.log
	"$CTL_PROGRAM" -c "$CONFIG_FILE" migrate >"$log" 2>&1 || die "the schema could not be brought up to date" "$log" \
		"a data directory of another version? 'destroy' starts anew"
}
