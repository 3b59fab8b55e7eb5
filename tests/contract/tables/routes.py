# SPDX-License-Identifier: Apache-2.0
"""6. Other routes."""
from case import ANY, ANY_TYPE, EMPTY, HTML, MSG, TEXT, Bytes, Case, Matches, Reply, get, head

VERSION = {name: Matches("a text", lambda value: isinstance(value, str))
           for name in ("version", "user", "revision", "branch", "date", "url")}
PLAIN = Matches("text/plain", lambda value: str(value).startswith("text/plain"))
NOT_FOUND = Reply(404, ANY, ANY_TYPE)
NO_METRICS = "Dropwizard's metrics"

CASES = [
    Case("tells its version", "6 GET /version", get("/version"), Reply(200, VERSION)),
    Case("tells its version, with a slash", "6 GET /version", get("/version/"), Reply(200, VERSION)),
    Case("answers HEAD of the version", "6 GET /version", head("/version"),
         Reply(200, EMPTY, {"Content-Length": TEXT})),
    Case("has a menu of metrics", "6 GET /metrics", get("/metrics"), Reply(200, HTML, ANY_TYPE),
         Reply(200, Bytes("Prometheus' text", lambda body: body.startswith(b"# HELP")), {"Content-Type": PLAIN}),
         NO_METRICS),
    Case("says pong", "6 /metrics/ping", get("/metrics/ping"), Reply(200, b"pong\n", {"Content-Type": PLAIN})),
    Case("has metrics in JSON", "6 /metrics/metrics", get("/metrics/metrics"), Reply(200, {
        name: ANY for name in ("version", "gauges", "counters", "histograms", "meters", "timers")}, ANY_TYPE),
        Reply(404, MSG), NO_METRICS),
    Case("has a health check", "6 /metrics/healthcheck", get("/metrics/healthcheck"), Reply(501, {}, ANY_TYPE),
         Reply(404, MSG), "health"),
    *(Case(f"has no {path} at the root", "6 /ping, /healthcheck at the root", get(path),
           NOT_FOUND) for path in ("/ping", "/healthcheck")),
    *(Case(f"has pages at {path}", "6 /ui, /static", get(path), Reply(200, ANY, ANY_TYPE), Reply(404, MSG),
           "web pages") for path in ("/ui", "/ui/", "/static/js/all-sessions.js")),
]
