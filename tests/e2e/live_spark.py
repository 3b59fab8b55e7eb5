# SPDX-License-Identifier: Apache-2.0
"""Spark of several versions: on the node and as clients, and programs that pods fetch from a server beside it."""
import contextlib
import functools
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import zipfile

from cgi_client import environment, parse
from live_batch import KnownBatch, LiveBatch
from live_stack import CLONE
from waiting import wait_for

PROGRAMS_HERE = pathlib.Path(__file__).resolve().parent / "programs"
BUILD_S = 900  # an image that is not built yet comes from PyPI
CLIENT_S = 600  # until a spark-submit has ended, with its driver where it waits for that


class LiveSpark:
    """One version: built if it is not, and on the node."""

    def __init__(self, stack, version):
        self.stack, self.version = stack, version
        stack.run(["deploy/local-cluster/cluster", "image", version, "--dir", str(stack.dir)], BUILD_S)
        self.image = self._variable("IMAGE")
        self.home = pathlib.Path(self._variable("HOME"))
        self.is_configured = f"image: {self.image}\n" in (stack.dir / "sparkgate.yaml").read_text()

    def _variable(self, name):
        done = subprocess.run(
            ["deploy/local-cluster/cluster", "env", self.version, "--dir", str(self.stack.dir)], cwd=CLONE, check=True,
            env=self.stack.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        (line,) = [line for line in done.stdout.splitlines() if line.startswith(f"export SPARKGATE_SPARK_{name}=")]
        return line.partition("=")[2]

    def compile(self, source, jar):
        """A jar of one source file and nothing else, against this Spark."""
        classes = jar.with_suffix(".classes")
        subprocess.run(["javac", "--release", "17", "-cp", f"{self.home}/jars/*", "-d", classes, source], check=True,
                       timeout=120)
        with zipfile.ZipFile(jar, "w") as archive:
            for file in classes.iterdir():
                archive.write(file, file.name)
        return jar

    def submit(self, request):
        """Through nginx, where the gateway is configured for this Spark; otherwise by a worker that is."""
        if self.is_configured:
            return LiveBatch(self.stack, **request)
        return submit_by_worker(self.stack, self.stack.dir / "sparkgate.yaml", request,
                                SPARKGATE_CLUSTERS_DEFAULT_IMAGE=self.image,
                                SPARKGATE_CLUSTERS_DEFAULT_SPARK_VERSION=self.version)


def submit_by_worker(stack, config, request, **variables):
    """By a worker with this configuration, as a CGI program: nothing has to begin anew for it."""
    body = json.dumps(request).encode()
    done = subprocess.run(
        [stack.program("sparkgate-worker"), "-c", str(config)], input=body,
        env={**os.environ, **environment("POST", "/batches", body, {"Content-Type": "application/json"}), **variables},
        capture_output=True, timeout=60, check=True)
    answer = parse(done.stdout)
    assert answer.status == 201, answer
    return KnownBatch(stack, answer.json()["id"])


class SparkSubmit:
    """The real spark-submit of one version, to one master, with properties that all of its submissions have."""

    def __init__(self, live, spark, master, properties):
        self.spark, self.master, self.properties = spark, master, properties
        self.environment = dict(live.environment, SPARK_HOME=str(spark.home), SPARK_LOCAL_IP="127.0.0.1")

    def run(self, command):
        return Client(command, self.environment)

    def start(self, *words, master=None):
        return self.run([self.spark.home / "bin/spark-submit", "--master", master or self.master, *words])

    def submit(self, *words, conf=None, master=None):
        return self.start(*self.options(conf), *words, master=master)

    def options(self, conf=None):
        pairs = {**self.properties, **(conf or {})}.items()
        return ["--deploy-mode", "cluster", *(word for key, value in pairs for word in ("--conf", f"{key}={value}"))]


class Client:
    """One that runs. It prints into a file: to a pipe that nobody reads it would once wait for ever."""

    def __init__(self, command, environment):
        self.output = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=subprocess.STDOUT, cwd=os.sep)

    def printed(self):
        """So far; read without moving the place at which it writes."""
        return os.pread(self.output.fileno(), os.fstat(self.output.fileno()).st_size, 0).decode()

    def wait_for(self, pattern):
        """What it prints of that, as soon as it does; at its end all must be there."""
        def found():
            has_ended = self.process.poll() is not None
            return re.search(pattern, self.printed(), re.M) or has_ended

        match = wait_for(f"spark-submit to print {pattern}", found, CLIENT_S)
        assert match is not True, f"no {pattern}: {self.printed()[-6000:]}"
        return match

    def ended(self):
        """Exit status and what was printed."""
        return self.process.wait(CLIENT_S), self.printed()


@contextlib.contextmanager
def ended_at_last(clients):
    """None of them outlives its tests."""
    try:
        yield
    finally:
        for client in clients:
            client.process.kill()
            client.process.wait()


@contextlib.contextmanager
def served(directory, address):
    """Serves its files over HTTP to pods; gives the URL."""
    handler = functools.partial(QuietHandler, directory=directory)
    with http.server.ThreadingHTTPServer((address, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{address}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def programs_for(sparks, directory):
    """The sources of programs/ as they are, and Sums.java compiled for each Spark: Sums-VERSION.jar."""
    for file in PROGRAMS_HERE.glob("*.py"):
        shutil.copy(file, directory)
    for spark in sparks:
        spark.compile(PROGRAMS_HERE / "Sums.java", directory / f"Sums-{spark.version}.jar")
