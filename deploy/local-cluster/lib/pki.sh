# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# pki.sh - the cluster's certificate authority, certificates, tokens and kubeconfig files.
#
# RSA throughout: the Kubernetes client inside Spark reads elliptic-curve keys only with a library it does not ship.

PKI_DAYS=3650

pki_authority() {
	[[ ! -s $PKI_DIR/ca.crt ]] || return 0
	openssl req -x509 -newkey rsa:2048 -nodes -days $PKI_DAYS -subj "/CN=sparkgate-local-ca" \
		-addext "keyUsage=critical,keyCertSign,cRLSign,digitalSignature" \
		-keyout "$PKI_DIR/ca.key" -out "$PKI_DIR/ca.crt"
}

# pki_certificate NAME SUBJECT USAGE [SUBJECT_ALT_NAME]
pki_certificate() {
	local name=$1 subject=$2 usage=$3 names=${4:-}
	[[ ! -s $PKI_DIR/$name.crt ]] || return 0
	openssl req -new -newkey rsa:2048 -nodes -subj "$subject" -keyout "$PKI_DIR/$name.key" -out "$PKI_DIR/$name.csr" &&
		openssl x509 -req -days $PKI_DAYS -in "$PKI_DIR/$name.csr" -CA "$PKI_DIR/ca.crt" -CAkey "$PKI_DIR/ca.key" \
			-CAcreateserial -out "$PKI_DIR/$name.crt" -extfile <(
				echo "keyUsage=critical,digitalSignature,keyEncipherment"
				echo "extendedKeyUsage=$usage"
				[[ -z $names ]] || echo "subjectAltName=$names"
			)
	rm -f "$PKI_DIR/$name.csr"
}

pki_create_all() {
	local names="IP:127.0.0.1,IP:$NODE_IP,IP:$SERVICE_IP,DNS:localhost"
	names+=",DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
	umask 077
	mkdir -p "$PKI_DIR"
	pki_authority &&
		pki_certificate apiserver /CN=kube-apiserver serverAuth "$names" &&
		pki_certificate kubelet "/O=system:nodes/CN=system:node:$NODE_NAME" serverAuth,clientAuth \
			"IP:$NODE_IP,DNS:$NODE_NAME" &&
		pki_certificate admin /O=system:masters/CN=sparkgate-admin clientAuth &&
		pki_certificate controller-manager /CN=system:kube-controller-manager clientAuth &&
		pki_certificate scheduler /CN=system:kube-scheduler clientAuth &&
		pki_certificate operator /O=system:masters/CN=spark-operator clientAuth &&
		pki_certificate own-operator "/CN=$OPERATOR_USER" clientAuth &&
		pki_certificate gateway "/CN=$GATEWAY_USER" clientAuth || return 1
	[[ -s $PKI_DIR/service-account.key ]] || openssl genrsa -out "$PKI_DIR/service-account.key" 2048 || return 1
	[[ -s $PKI_DIR/tokens.csv ]] ||
		printf '%s,%s,%s\n' "$(openssl rand -hex 24)" "$GATEWAY_USER" "$GATEWAY_USER" >"$PKI_DIR/tokens.csv"
}

# pki_kubeconfig FILE USER: with a client certificate, everything inside one file.
pki_kubeconfig() {
	cat >"$1.new" <<-END
	apiVersion: v1
	kind: Config
	current-context: sparkgate-local
	clusters:
	- name: sparkgate-local
	  cluster:
	    server: $APISERVER_URL
	    certificate-authority-data: $(base64 -w0 "$PKI_DIR/ca.crt")
	contexts:
	- name: sparkgate-local
	  context: {cluster: sparkgate-local, user: $2, namespace: $JOB_NAMESPACE}
	users:
	- name: $2
	  user:
	    client-certificate-data: $(base64 -w0 "$PKI_DIR/$2.crt")
	    client-key-data: $(base64 -w0 "$PKI_DIR/$2.key")
	END
	pki_install_kubeconfig "$1"
}

# pki_token_kubeconfig FILE USER: with a bearer token.
pki_token_kubeconfig() {
	pki_kubeconfig "$1" "$2"
	sed '/client-certificate-data/d; s/client-key-data: .*/token: '"$(cut -d, -f1 "$PKI_DIR/tokens.csv")"'/' \
		"$1" >"$1.new"
	pki_install_kubeconfig "$1"
}

# The files belong to the person who called sudo, and to nobody else.
pki_install_kubeconfig() {
	chmod 600 "$1.new"
	[[ -z ${SUDO_UID:-} ]] || chown "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$1.new"
	mv -f "$1.new" "$1"
}

pki_up() {
	local log=$LOG_DIR/pki.log
	mkdir -p "$RUN_DIR" "$LOG_DIR"
	(pki_create_all) >"$log" 2>&1 || die "the certificates could not be made" "$log" "is openssl installed?"
	pki_kubeconfig "$ADMIN_KUBECONFIG" admin
	pki_kubeconfig "$GATEWAY_KUBECONFIG" gateway
	pki_token_kubeconfig "$GATEWAY_TOKEN_KUBECONFIG" gateway
	pki_kubeconfig "$PKI_DIR/controller-manager.kubeconfig" controller-manager
	pki_kubeconfig "$PKI_DIR/scheduler.kubeconfig" scheduler
	pki_kubeconfig "$PKI_DIR/kubelet.kubeconfig" kubelet
	pki_kubeconfig "$PKI_DIR/operator.kubeconfig" operator
	pki_kubeconfig "$OPERATOR_KUBECONFIG" own-operator
}
