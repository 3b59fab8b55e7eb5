# SPDX-License-Identifier: Apache-2.0
"""One table of what becomes of applications, for both operators, with Spark 3.5 and 4: what the SparkApplication and
the batch say, how the driver's pod ended, and what stands in the archived log.

All of one operator's run side by side, a few at a time; each test looks at its own.
"""
import dataclasses
import json
import re

import pytest
from live_batch import KEPT_EXECUTORS, PATIENT, PI, PROGRAMS, SMALL
from live_spark import LiveSpark, programs_for, served
from live_stack import OPERATORS, QUICK_JAVA
from waiting import wait_for

VERSIONS = {"4.3.0": "spark4", "3.5.9": "spark35"}  # to their names in the names of tests
AT_ONCE = 3
LONG = "3600"
BEGUN = f"waiting, second 1 of {LONG}"
CONF = SMALL | PATIENT | KEPT_EXECUTORS | {"spark.executorEnv.JAVA_TOOL_OPTIONS": QUICK_JAVA}


@dataclasses.dataclass(frozen=True)
class Case:
    """All but name and request are patterns that must match whole; {url} and {version} are filled in."""

    name: str
    request: dict
    application: str  # its state
    says: str  # its errorMessage
    batch: str  # state, reason, exit code
    pod: str  # phase, reasons, exit code; or "gone"
    message: str = None  # of the batch; None: what the application says
    log: tuple = ()  # a line for each
    executors: int = 0
    waits: bool = False  # for something that is done to it, and needs no processor meanwhile
    kubeflow: dict = dataclasses.field(default_factory=dict)  # what is otherwise with its operator

    def wanted(self, operator, spark):
        row = dataclasses.replace(self, **(self.kubeflow if operator == "kubeflow" else {}))
        message = row.says if row.message is None else row.message
        lines = [line.replace("{version}", re.escape(spark.version)) for line in row.log]
        return {"application": row.application, "says": row.says, "batch": row.batch, "message": message,
                "pod": row.pod, **{f"log line {line}": line for line in lines}}


ENDED = "driver container failed with ExitCode: "
# On a busy machine Java is not done when its grace period is over, and the kubelet may not find what it has killed.
BY_SIGNAL = ENDED + "1(43|37), Reason: (Error|ContainerStatusUnknown)(: [^;]*)?"
# ... or says that the pod has failed before it says anything of its container.
TOO_LARGE = f'(driver pod failed: |{BY_SIGNAL}; )Evicted: Usage of EmptyDir volume "scratch" exceeds the limit "4Mi"\\. '
BY_API = BY_SIGNAL + "; Evicted by EvictionByEvictionAPI: .*"
GONE = "driver pod not found"
NO_IMAGE = "(ErrImagePull|ImagePullBackOff): .*localhost:1/there-is/none:1.*"
NO_ROOM = "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.*"
SUCCESS = {"application": "COMPLETED", "says": "", "batch": "success  0", "pod": "Succeeded Completed 0"}

CASES = (
    Case("evicted_by_the_kubelet", {
        "file": "{url}/fill.py", "args": ["/scratch", "16"], "conf": {
            "spark.kubernetes.driver.volumes.emptyDir.scratch.mount.path": "/scratch",
            "spark.kubernetes.driver.volumes.emptyDir.scratch.options.sizeLimit": "4Mi"}},
        "FAILED", TOO_LARGE, "dead evicted (1(43|37))?", "Failed Evicted (Error|ContainerStatusUnknown) 1(43|37)",
        waits=True, log=("wrote 16 MiB into /scratch",), kubeflow={
            "says": f"{BY_SIGNAL}|driver container status missing", "message": TOO_LARGE}),
    # The pod ends, and vanishes a moment later: an operator sees either; Kubeflow's, of the former, the exit code alone.
    Case("evicted_by_the_api", {"file": f"{PROGRAMS}/wait.py", "args": [LONG]},
         "FAILED", f"{BY_API}|{GONE}", "dead (evicted 1(43|37)|driver_lost )", "gone", waits=True,
         log=(BEGUN,), kubeflow={
             "says": f"{BY_SIGNAL}|{GONE}", "batch": "dead ((evicted|exit_code) 1(43|37)|driver_lost )",
             "message": f"{BY_API}|{BY_SIGNAL}|{GONE}"}),
    Case("missing_image", {"file": PI, "conf": {"spark.kubernetes.container.image": "localhost:1/there-is/none:1"}},
         "SUBMITTED", NO_IMAGE, "starting  ", "Pending (ErrImagePull|ImagePullBackOff)", message=NO_IMAGE,
         kubeflow={"says": ""}),
    Case("unschedulable", {"file": PI, "conf": {"spark.kubernetes.driver.request.cores": "1000"}},
         "SUBMITTED", NO_ROOM, "starting  ", "Pending Unschedulable", message=NO_ROOM, kubeflow={"says": ""}),
    Case("pi_with_two_executors", {"file": PI, "numExecutors": 2, "args": ["4"]},
         **SUCCESS, executors=2, log=("Pi is roughly 3\\.1\\d*",)),
    Case("jar", {"file": "{url}/Sums-{version}.jar", "className": "Sums", "args": ["100"]},
         **SUCCESS, executors=1, log=("the squares add up to 338350, with Spark {version}",)),
    Case("py_file", {"file": "{url}/greet.py", "pyFiles": ["{url}/greeting.py"]},
         **SUCCESS, executors=1, log=("hello 0 hello 1 hello 2 hello 3", "by Spark {version}")),
    Case("exit_3", {"file": f"{PROGRAMS}/exit.py", "args": ["3"]},
         "FAILED", ENDED + "3, Reason: Error", "dead exit_code 3", "Failed Error 3", log=("ending with status 3",)),
    Case("missing_main_file", {"file": "local:///opt/there/is/none.py"},
         "FAILED", ENDED + "2, Reason: Error", "dead exit_code 2", "Failed Error 2",
         log=(".*can't open file '/opt/there/is/none.py'.*",)),
    Case("out_of_memory", {"file": "{url}/hog.py", "conf": {"spark.driver.memoryOverhead": "100m"}},
         "FAILED", ENDED + "137, Reason: OOMKilled", "dead out_of_memory 137", "Failed OOMKilled 137",
         log=("took 16 MiB",)),
)
# Of Kubeflow's with the older Spark: its operator is the same program, and what it submits was seen with the newer.
FEW = ("pi_with_two_executors", "exit_3")

# Fields of executor pods, made by a template or by typed fields. Kubeflow's operator has the latter done by its
# webhook, which the local cluster has not (contract crds.md 2.1).
TEMPLATE = {
    "metadata": {"labels": {"by-template": "yes"}},
    "spec": {
        "tolerations": [{"key": "by-template", "operator": "Exists"}],
        "volumes": [{"name": "by-template", "emptyDir": {}}],
        "containers": [{"name": "spark-kubernetes-executor", "env": [{"name": "BY_TEMPLATE", "value": "yes"}],
                        "volumeMounts": [{"name": "by-template", "mountPath": "/by-template"}]}],
    },
}
TYPED = {
    "tolerations": [{"key": "by-field", "operator": "Exists"}],
    "env": [{"name": "BY_FIELD", "value": "yes"}],
    "volumeMounts": [{"name": "by-field", "mountPath": "/by-field"}],
}
EXECUTOR_FIELDS = {
    "label": lambda pod: pod["metadata"]["labels"].get("by-template") == "yes",
    "toleration": lambda pod: "by-template" in keys(pod["spec"]["tolerations"], "key"),
    "volume": lambda pod: "by-template" in keys(pod["spec"]["volumes"], "name"),
    "mount": lambda pod: "/by-template" in keys(pod["spec"]["containers"][0]["volumeMounts"], "mountPath"),
    "env": lambda pod: "BY_TEMPLATE" in keys(pod["spec"]["containers"][0]["env"], "name"),
}
TYPED_EXECUTOR_FIELDS = {
    "typed toleration": lambda pod: "by-field" in keys(pod["spec"]["tolerations"], "key"),
    "typed volume": lambda pod: "by-field" in keys(pod["spec"]["volumes"], "name"),
    "typed mount": lambda pod: "/by-field" in keys(pod["spec"]["containers"][0]["volumeMounts"], "mountPath"),
    "typed env": lambda pod: "BY_FIELD" in keys(pod["spec"]["containers"][0]["env"], "name"),
}


def keys(items, key):
    return [item.get(key) for item in items]


def runs(operator, version):
    """The names of what is run: cases, and the application with executor fields."""
    return FEW if (operator, version) == ("kubeflow", "3.5.9") else (*(case.name for case in CASES), "executor_fields")


# Each is named whole, operator and all: pytest would bring those of one version, or one case, together.
RUNS = [(operator, (operator, version, name))
        for operator in OPERATORS for version in VERSIONS for name in runs(operator, version)]


# --- all of them are started -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sparks(live):
    return {version: LiveSpark(live, version) for version in VERSIONS}


@pytest.fixture(scope="module")
def url(live, sparks, tmp_path_factory):
    directory = tmp_path_factory.mktemp("programs")
    programs_for(sparks.values(), directory)
    with served(directory, live.node_address()) as address:
        yield address


class Run:
    """One case with one operator and one Spark."""

    def __init__(self, live, spark, case, url):
        self.live, self.spark, self.case = live, spark, case
        request = {"conf": {}, **json.loads(json.dumps(case.request).replace("{url}", url)
                                            .replace("{version}", spark.version))}
        request["conf"] = CONF | request["conf"]
        self.batch = spark.submit(request)

    def is_working(self):
        row = self.batch.row()
        return row["finished_at"] == "" and (row["app_id"] == "" or not (self.case.waits or row["message"]))

    def application(self):
        return self.live.objects("sparkapplications", self.batch.row()["object_name"])[0]

    def pod(self):
        return next(iter(self.live.objects("pods", f"{self.batch.row()['object_name']}-driver")), None)

    def seen(self):
        row, status = self.batch.row(), self.application().get("status", {})
        state = status.get("applicationState", {})
        log = self.batch.log("size=-1")["log"]
        return {"application": state.get("state", ""), "says": state.get("errorMessage", ""),
                "batch": f"{row['state']} {row['reason']} {row['exit_code']}", "message": row["message"],
                "pod": pod_end(self.pod()), "log": log}

    def differences(self, wanted):
        seen = self.seen()
        return {field: (pattern, seen.get(field)) for field, pattern in wanted.items()
                if not any(re.fullmatch(pattern, text, re.S) for text in
                           (seen["log"] if field.startswith("log line") else [seen[field]]))}

    def story(self):
        status = self.live.objects("sparkapplications", self.batch.row()["object_name"])
        return f"{self.case}\n{json.dumps(keys(status, 'status'))}\n{self.batch.story()}"


def pod_end(pod):
    """Phase, the pod's own reason, its driver container's or that of its not being scheduled, exit code."""
    if pod is None:
        return "gone"
    status = pod["status"]
    words = [status["phase"], status.get("reason")]
    words += [condition.get("reason") for condition in status.get("conditions", [])
              if condition["type"] == "PodScheduled" and condition["status"] == "False"]
    for container in status.get("containerStatuses", []):
        (state,) = container["state"].values()
        words += [state.get("reason"), state.get("exitCode")]
    return " ".join(str(word) for word in words if word is not None)


class ExecutorRun:
    """An application as somebody writes it for the operator itself, with what no batch can ask for."""

    case = None

    def __init__(self, live, like):
        self.live = live
        model = like.application()
        self.name = f"fields-{like.batch.id}"
        labels = {key: value for key, value in model["metadata"]["labels"].items() if key == "sparkgate.io/operator"}
        spec = model["spec"] | {"arguments": ["1"], "volumes": [{"name": "by-field", "emptyDir": {}}]}
        spec["executor"] = spec["executor"] | TYPED | {
            "instances": 1, "template": TEMPLATE, "deleteOnTermination": False}
        live.kubectl("create", "-f", "-", text=json.dumps({
            "apiVersion": model["apiVersion"], "kind": model["kind"],
            "metadata": {"name": self.name, "labels": labels}, "spec": spec}))

    def status(self):
        return self.live.objects("sparkapplications", self.name)[0].get("status", {})

    def state(self):
        return self.status().get("applicationState", {}).get("state", "")

    def is_working(self):
        return self.state() not in ("COMPLETED", "FAILED")

    def executors(self):
        selector = f"sparkoperator.k8s.io/app-name={self.name},spark-role=executor"
        return json.loads(self.live.kubectl("get", "pods", "-l", selector, "-o", "json"))["items"]


@pytest.fixture(scope="module")
def started(live, operator, sparks, url, request):
    """Those that were asked for, by version and name."""
    named = [item.callspec.params["run"] for item in request.session.items if item.path == request.path]
    wanted = [run[1:] for run in named if run[0] == operator]
    found = {}

    def start(key, make):
        wait_for("room for another", lambda: sum(run.is_working() for run in found.values()) < AT_ONCE, interval_s=0.5)
        found[key] = make()

    for case in CASES:
        for version in VERSIONS:
            if (version, case.name) in wanted or \
                    (case.name == "pi_with_two_executors" and (version, "executor_fields") in wanted):
                start((version, case.name), lambda version=version, case=case: Run(live, sparks[version], case, url))
    for version in VERSIONS:
        if (version, "executor_fields") in wanted:
            start((version, "executor_fields"),
                  lambda version=version: ExecutorRun(live, found[version, "pi_with_two_executors"]))
    yield found
    for run in found.values():
        if isinstance(run, ExecutorRun):
            live.kubectl("delete", "sparkapplications", run.name, "--wait=false")


# --- each looks at its own ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("operator", "run"), RUNS, indirect=["operator"], scope="module",
                         ids=["-".join((operator, VERSIONS[version], name)) for _, (operator, version, name) in RUNS])
def test_case(started, operator, run):
    _, version, name = run
    run = started[version, name]
    if name == "executor_fields":
        check_executor_fields(run, operator)
        return
    spec = run.application()["spec"]
    assert spec["sparkVersion"] == version and (spec["image"] == run.spark.image or name == "missing_image"), spec
    if name == "evicted_by_the_api":
        evict(run)
    wanted = run.case.wanted(operator, run.spark)
    stuck = wanted["application"] == "SUBMITTED"
    wait_for(f"an end\n{run.story()}", lambda: run.batch.row()["message" if stuck else "finished_at"], interval_s=0.2)
    agree(run, wanted)
    # One that is late gets a successor.
    executors = run.application()["status"].get("executorState", {})
    assert len(executors) >= run.case.executors and bool(executors) == bool(run.case.executors), run.story()
    if stuck:
        kill(run, wanted["message"])


def agree(run, wanted):
    """The batch has ended; operator and kubelet have their own pace."""
    try:
        wait_for("agreement", lambda: not run.differences(wanted), interval_s=0.2)
    except AssertionError as late:
        raise AssertionError(f"wanted and seen: {run.differences(wanted)}\n{run.story()}") from late


def kill(run, message):
    assert run.batch.delete()[0] == 200
    wait_for("the end of the pod", lambda: run.pod() is None)
    row = wait_for("the end", lambda: (row := run.batch.row())["finished_at"] and row)
    assert (row["state"], row["reason"]) == ("killed", "killed_by_user"), row
    assert re.fullmatch(message, row["message"], re.S), row


def evict(run):
    """When its service leads to it: executors would find it there."""
    run.batch.wait("running")
    wait_for("a line of its log", lambda: BEGUN in run.batch.log("size=-1")["log"])
    pod = run.pod()
    wait_for("the endpoint of its service", lambda: pod["status"]["podIP"] in endpoints(run))
    name = pod["metadata"]["name"]
    run.live.kubectl(
        "create", "--raw", f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{name}/eviction", "-f", "-",
        text=json.dumps({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}))


def endpoints(run):
    """The addresses behind the service that was made for the driver."""
    items = json.loads(run.live.kubectl("get", "services", "-o", "json"))["items"]
    (service,) = [item["metadata"]["name"] for item in items
                  if item["spec"]["selector"].get("spark-app-selector") == run.batch.row()["app_id"]]
    slices = json.loads(run.live.kubectl(
        "get", "endpointslices", "-l", f"kubernetes.io/service-name={service}", "-o", "json"))["items"]
    return [address for one in slices for endpoint in one.get("endpoints") or () for address in endpoint["addresses"]]


def check_executor_fields(run, operator):
    wait_for(f"the end of {run.name}", lambda: not run.is_working(), interval_s=0.5)
    assert run.state() == "COMPLETED", run.status()
    pods = run.executors()  # one that is late gets a successor
    assert pods
    fields = EXECUTOR_FIELDS | (TYPED_EXECUTOR_FIELDS if operator == "sparkgate" else {})
    for pod in pods:
        missing = [field for field, is_there in fields.items() if not is_there(pod)]
        assert not missing, (missing, json.dumps(pod["metadata"]), json.dumps(pod["spec"]))
