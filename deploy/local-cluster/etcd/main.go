// SPDX-License-Identifier: Apache-2.0

// Command etcd is the etcd server itself: Debian's (3.4) lacks progress requests, which the streaming lists of
// recent Kubernetes clients need.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
