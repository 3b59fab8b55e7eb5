#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records what the Kubeflow operator and the real spark-submit make of tests/data/operator/cases/*.yaml.

Each manifest goes the whole way, and no part of it is played:
  1. the operator's webhook fills in the defaults of the SparkApplication;
  2. the operator, on a real API server, makes spark-submit's arguments of it;
  3. spark-submit of each version makes the objects, sent to a server that only answers and remembers;
  4. the operator, once a driver pod is there, makes the service for its web UI;
  5. the webhook patches the driver pod; and a pod made of the executors' template alone, as it will patch executors.
The result, without the generated names and times, is tests/data/operator/spark-submit-VERSION/CASE.json. What
spark-submit refuses is a result too.

It needs Java, PyPI, the operator's binary (../shared/bin) and what the tests need: run it with the tests' Python,
  .sparkgate/tools/tests-venv/bin/python tests/operator/record_spark_submit.py [--check] [CASE...]
--check writes nothing, shows the differences from what is there, and fails when there are any.
"""
import argparse
import concurrent.futures
import difflib
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import kubeflow  # noqa: E402
import recorded  # noqa: E402
from kubernetes import CLONE, NAMESPACE, STATE_DIR, Kubernetes  # noqa: E402
from waiting import wait_for  # noqa: E402

SLOT = int(os.environ.get("SPARKGATE_TEST_SLOT", "1"))
DIR = STATE_DIR / "record"
OUT = DIR / "submitted"
AT_ONCE = 2
POD_UID = "DRIVERUID"
REFUSED = re.compile(r"(?:Exception in thread \"main\" \S+|^Error): (.*)", re.M)

# In the place of spark-submit: keeps the arguments and the files that they name, under the application's name.
KEEP_ARGUMENTS = r"""#!/bin/bash
set -eu
for ((i = 1; i < $#; i++)); do
	[[ ${!i} != --name ]] || { j=$((i + 1)); name=${!j}; break; }
done
for word; do
	case $word in *.podTemplateFile=*)
		role=${word#spark.kubernetes.}
		cp "${word#*=}" "$OUT/$name.${role%%.*}-template"
	esac
done
printf '%s\0' "$@" >"$OUT/$name.new"
mv "$OUT/$name.new" "$OUT/$name.arguments"
"""


# --- the operator: from a manifest to spark-submit's arguments ---------------------------------------------------

class Operator:
    """The Kubeflow operator's controller and webhook, on a real API server."""

    def __init__(self):
        self.kubernetes = Kubernetes(DIR, SLOT)
        self.parts, self.webhook = [], None

    def __enter__(self):
        shutil.rmtree(OUT, ignore_errors=True)
        OUT.mkdir(parents=True)
        (DIR / ".sparkgate-state").touch()
        self.kubernetes.up()
        self.kubernetes.delete_applications()
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for part in self.parts:
            part.stop()
        self.kubernetes.down()

    def start(self):
        home = DIR / "spark-home"
        (home / "bin").mkdir(parents=True, exist_ok=True)
        (home / "bin/spark-submit").write_text(KEEP_ARGUMENTS)
        (home / "bin/spark-submit").chmod(0o755)
        self.webhook = kubeflow.Webhook(DIR, self.kubernetes)
        controller = kubeflow.controller(DIR, name="record-controller", SPARK_HOME=str(home), OUT=str(OUT))
        self.parts = [controller, self.webhook]
        for part in self.parts:
            part.start()

    def arguments(self, case):
        """spark-submit's arguments, with the files that they name where they can be found again."""
        application = self.webhook.admitted("SparkApplication", recorded.manifest(recorded.VERSIONS[-1], case))
        name = application["metadata"]["name"]
        self.kubernetes.create_application(application)
        file = OUT / f"{name}.arguments"
        try:
            wait_for(f"the arguments of {case}", file.exists, 60)
        except AssertionError:
            status = self.kubernetes.application(name).get("status")
            raise AssertionError(f"{case}: the operator did not submit it: {status}") from None
        return [self.template_kept(name, word) for word in file.read_bytes().decode().split("\0")[:-1]]

    def ui_service(self, arguments):
        """What it makes beside spark-submit's objects, without what the API server adds; None where it fails to."""
        core = f"/api/v1/namespaces/{NAMESPACE}"
        conf = dict(word.split("=", 1) for option, word in zip(arguments, arguments[1:]) if option == "--conf")
        label = "spark.kubernetes.driver.label."
        labels = {key.removeprefix(label): value for key, value in conf.items() if key.startswith(label)}
        pod = conf["spark.kubernetes.driver.pod.name"]
        self.kubernetes.call("POST", f"{core}/pods", {
            "metadata": {"name": pod, "labels": {**labels, "spark-role": "driver"}},
            "spec": {"containers": [{"name": "spark-kubernetes-driver", "image": "spark"}]}})

        def found():
            return [each for each in self.kubernetes.call("GET", f"{core}/services")["items"]
                    if each["metadata"].get("ownerReferences", [{}])[0].get("name") == name(arguments)]

        try:
            service = wait_for("the web UI's service", found, 10)[0]
        except AssertionError:
            return None
        finally:
            self.kubernetes.call("DELETE", f"{core}/pods/{pod}", {"gracePeriodSeconds": 0})
        metadata, spec = service["metadata"], service["spec"]
        keep = ("name", "labels", "annotations", "ownerReferences")
        ports = [{key: port[key] for key in ("name", "port", "protocol", "targetPort")} for port in spec["ports"]]
        kind = {} if spec["type"] == "ClusterIP" else {"type": spec["type"]}
        return {"apiVersion": "v1", "kind": "Service",
                "metadata": {key: metadata[key] for key in keep if key in metadata},
                "spec": {"ports": ports, "selector": spec["selector"], **kind}}

    @staticmethod
    def template_kept(name, word):
        key, equals, _ = word.partition("=")
        if not key.endswith(".podTemplateFile"):
            return word
        return f"{key}{equals}{OUT / name}.{key.split('.')[2]}-template"


# --- spark-submit: from arguments to objects ---------------------------------------------------------------------

class Recorder(http.server.BaseHTTPRequestHandler):
    """Answers as an API server on which everything succeeds. The first two parts of a path name the run."""

    protocol_version = "HTTP/1.1"
    runs = {}

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        _, version, case, *_ = self.path.split("/")
        self.runs.setdefault((version, case), []).append(body)
        stored = dict(body, metadata=dict(body["metadata"], uid=POD_UID, namespace=NAMESPACE), status={})
        self.answer(201, stored)

    do_PATCH = do_POST

    def do_GET(self):
        self.answer(404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404, "metadata": {},
                          "reason": "NotFound", "message": f"{self.path} is not here"})

    do_DELETE = do_GET

    def answer(self, code, body):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Refused(Exception):
    """Nothing was sent; why."""


def spark_home(version):
    """Spark's files as PyPI's pyspark has them; the local cluster's own are used, where they are."""
    cluster = pathlib.Path(os.environ.get("SPARKGATE_CLUSTER_CACHE", STATE_DIR / "cluster"))
    if (cluster / f"images/spark-{version}/bin/spark-submit").exists():
        return cluster / f"images/spark-{version}"
    target = STATE_DIR / f"tools/pyspark-{version}"
    if not (target / "pyspark/bin/spark-submit").exists():
        print(f"fetching Spark {version} from PyPI (some 400 MB, once)")
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--target", target, f"pyspark=={version}"], check=True)
    return target / "pyspark"


def home_with_packages():
    """A home with one package in its Maven repository, so that spark-submit need not ask the world for it."""
    package = DIR / "home/.m2/repository/org/example/probe/1.0"
    package.mkdir(parents=True, exist_ok=True)
    (package / "probe-1.0.pom").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId>"
        "<artifactId>probe</artifactId><version>1.0</version></project>")
    with zipfile.ZipFile(package / "probe-1.0.jar", "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")


def submitted(version, case, arguments, port):
    """The objects that spark-submit sends."""
    master = f"k8s://http://127.0.0.1:{port}/{version}/{case}"
    arguments = list(arguments)
    arguments[arguments.index("--master") + 1] = master
    empty = DIR / "empty"
    empty.mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "HADOOP_"))}
    environment.update(
        SPARK_HOME=str(spark_home(version)), SPARK_CONF_DIR=str(empty), SPARK_LOCAL_HOSTNAME="localhost",
        HADOOP_USER_NAME="spark",  # whom the operator's image runs it as
        NO_PROXY="127.0.0.1", KUBECONFIG=os.devnull, TZ="UTC", LC_ALL="C.UTF-8",
        JAVA_TOOL_OPTIONS=f"-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Duser.home={DIR / 'home'}",
    )
    done = subprocess.run([spark_home(version) / "bin/spark-submit", *arguments], env=environment, cwd=empty,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    objects = Recorder.runs.pop((version, case), [])
    if done.returncode == 0 and objects:
        return objects, master
    refused = REFUSED.search(done.stderr)
    assert refused and not objects, f"spark-submit {version} of {case}: {done.stdout}{done.stderr}"
    raise Refused(refused.group(1))


def name(arguments):
    return arguments[arguments.index("--name") + 1]


def record(operator, case, versions, port):
    arguments = operator.arguments(case)
    ui_service = operator.ui_service(arguments)
    for version in versions:
        try:
            objects, master = submitted(version, case, arguments, port)
        except Refused as refused:
            yield version, {"Refusal": str(refused)}
            continue
        objects = [operator.webhook.let_through(name(arguments), each, recorded.TEMPLATE) for each in objects]
        objects += [] if ui_service is None else [ui_service]
        # In the properties, which are in JSON, colons have a backslash, which has another.
        replace = [(master, "MASTER"), (master.replace(":", r"\\:"), "MASTER"),
                   (f"{OUT}/{name(arguments)}.", "/tmp/spark/")]
        yield version, recorded.normalised(objects, replace)


# --- the command -------------------------------------------------------------------------------------------------

def kept(version, case, objects, check):
    """Writes the file, or shows what would change; whether something changed."""
    old, new = recorded.kept(version, case), recorded.text_of(objects, version, case)
    if old == new:
        return False
    name = str(recorded.file_of(version, case).relative_to(CLONE))
    for line in difflib.unified_diff(old.splitlines(), new.splitlines(), name, name, n=0, lineterm=""):
        print(line)
    if not check:
        recorded.keep(version, case, new)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--spark", action="append", choices=recorded.VERSIONS, help="this version; may be repeated")
    parser.add_argument("case", nargs="*", help="these alone")
    options = parser.parse_args()
    home_with_packages()
    # Those first that others may be like.
    versions = sorted(options.spark or recorded.VERSIONS, key=lambda version: version in recorded.LIKE)
    for version in versions:
        spark_home(version)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    changed, failed = 0, 0
    with Operator() as operator, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        runs = {case: pool.submit(lambda case=case: list(record(operator, case, versions, server.server_port)))
                for case in options.case or recorded.cases()}
        for case, run in runs.items():
            try:
                for version, objects in run.result():
                    changed += kept(version, case, objects, options.check)
                print(f"{case}: done", flush=True)
            except AssertionError as error:
                failed += 1
                print(f"{case}: FAILED: {error}", flush=True)
    server.shutdown()
    print(f"{len(runs)} cases, {changed} files changed, {failed} cases failed")
    return 1 if failed or (options.check and changed) else 0


if __name__ == "__main__":
    sys.exit(main())
