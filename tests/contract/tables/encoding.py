# SPDX-License-Identifier: Apache-2.0
"""1.2 Request and response encoding."""
import gzip
import json
import zlib

from case import (ANY, ANY_TYPE, BARE, FILE, HTML, INT, MSG, TEXT, Case, Reply, Request, Step, batch, delete, get, has,
                  head, msg, post, submit)

NEW = json.dumps({"file": FILE}).encode()
CREATED = Reply(201, batch())
BAD_JSON = Reply(400, BARE)
REFUSED = Reply(400, MSG)


def named(text):
    """A body to the letter whose `name` is this JSON."""
    return f'{{"file": "{FILE}", "name": {text}}}'.encode()


def security(it, request, status, given=None):
    return Case(it, "1.2 security headers", request, Reply(status, headers={
        "X-Content-Type-Options": "nosniff", "X-Frame-Options": "SAMEORIGIN", "X-XSS-Protection": "1; mode=block",
        "Content-Security-Policy": TEXT, "Strict-Transport-Security": None}), given=given)


def padded(size, parts=1):
    return get("/batches?size=1", headers={f"X-Pad-{part}": "x" * (size // parts) for part in range(parts)})


TYPES = [
    Case("types the list", "1.2 response type", get("/batches"), Reply(200)),
    Case("types an error", "1.2 response type", get("/batches/none-${new}"), Reply(404)),
    Case("types a refusal", "1.2 response type", get("/batches?from=x"), Reply(400)),
    Case("types what was made", "1.2 response type", submit(), CREATED),
    Case("types a deletion", "1.2 response type", delete("/batches/${id}"), Reply(200), given="a batch"),
    *(Case(f"types the same when {accept} is accepted", "1.2 response type",
           get("/batches", headers={"Accept": accept}),
           Reply(200)) for accept in ("text/html", "text/plain", "application/xml", "*/*", "image/png;q=1")),
    Case("types the same whatever ?format= says", "1.2 response type", get("/batches?format=xml"), Reply(200)),
    *(Case(f"reads a body of type {kind}", "1.2 request type", post(NEW, headers={"Content-Type": kind}), CREATED)
      for kind in ("application/json", "application/json; charset=utf-8", "text/plain", "application/xml", "nonsense")),
    Case("reads a body of no type", "1.2 request type", post(NEW, headers={"Content-Type": None}), CREATED),
    Case("reads a form's body as JSON", "1.2 request type",
         post(NEW, headers={"Content-Type": "application/x-www-form-urlencoded"}),
         Reply(400, has("No content to map due to end-of-input")), CREATED, "form type"),
]

CODINGS = [
    *(Case(f"decodes {coding}", "1.2 request Content-Encoding", post(body, headers={"Content-Encoding": coding}),
           CREATED)
      for coding, body in (("gzip", gzip.compress(NEW)), ("deflate", zlib.compress(NEW)))),
    Case("decodes a chunked gzip", "1.2 request Content-Encoding",
         post(gzip.compress(NEW), headers={"Content-Encoding": "gzip"}, chunked=True), CREATED),
    *(Case(f"ignores Content-Encoding {coding}", "1.2 request Content-Encoding",
           post(NEW, headers={"Content-Encoding": coding}), CREATED) for coding in ("UTF-8", "identity", "br")),
    Case("takes the headers of Livy's Java client", "1.2 request Content-Encoding", post(
        NEW, headers={"Content-Encoding": "UTF-8", "X-Requested-By": "livy", "Expect": "100-continue"},
        waits_for_100=True), CREATED),
    Case("answers Expect: 100-continue", "1.2 request Content-Encoding",
         post(NEW, headers={"Expect": "100-continue"}, waits_for_100=True), CREATED),
    Case("takes a chunked body", "1.2 request Content-Encoding", post(NEW, chunked=True), CREATED),
    Case("packs a long answer for gzip", "1.2 response compression", get("/batches?size=100", headers={
        "Accept-Encoding": "gzip"}), Reply(200, ANY, {"Content-Encoding": "gzip"}), given="five batches"),
    Case("packs for deflate", "1.2 response compression",
         get("/batches?size=100", headers={"Accept-Encoding": "deflate"}),
         Reply(200, ANY, {"Content-Encoding": "deflate"}), Reply(200, ANY, {"Content-Encoding": None}), "compression",
         "five batches"),
    Case("packs nothing unasked", "1.2 response compression", get("/batches?size=100"),
         Reply(200, ANY, {"Content-Encoding": None}), given="five batches"),
]

TEXTS = [
    Case("reads UTF-8 and writes UTF-8", "1.2 charset", post(named('"\u00fc\u65e5\U0001f600 ${new}"')),
         Reply(201, lambda known: batch(name=f"\u00fc\u65e5\U0001f600 {known['new']}"))),
    *(Case(f"refuses {what}", "1.2 charset", post(b'{"file": "local:///a.py", "name": "' + text + b'"}'), BAD_JSON,
           REFUSED, "error bodies")
      for what, text in (("a byte that is no UTF-8", b"\xff"), ("half a character", b"\xe2\x82"),
                         ("latin-1", "\u00fc".encode("latin-1")))),
    Case("takes an overlong character", "1.2 charset", post(b'{"file": "local:///a.py", "name": "\xc0\xae"}'), CREATED,
         REFUSED, "overlong UTF-8"),
    Case("takes a byte order mark", "1.2 charset", post(b"\xef\xbb\xbf" + NEW), CREATED),
]

JSONS = [
    *(Case(f"refuses {what}", "1.2 JSON dialect", post(body), BAD_JSON, REFUSED, "error bodies") for what, body in (
        ("a comment", b'{"file": "local:///a.py" /* no */}'), ("a line comment", b'{"file": "local:///a.py" // no\n}'),
        ("NaN", b'{"file": "local:///a.py", "driverCores": NaN}'),
        ("Infinity", b'{"file": "local:///a.py", "driverCores": Infinity}'),
        ("a line end in a text", b'{"file": "local:///a.py", "name": "a\nb"}'),
        ("a tab in a text", b'{"file": "local:///a.py", "name": "a\tb"}'),
        ("single quotes", b"{'file': 'local:///a.py'}"), ("a key without quotes", b'{file: "local:///a.py"}'),
        ("a trailing comma", b'{"file": "local:///a.py",}'),
        ("a leading zero", b'{"file": "local:///a.py", "driverCores": 01}'),
        ("an unknown escape", b'{"file": "local:///a\\x.py"}'))),
    *(Case(f"ignores {what} after the value", "1.2 JSON dialect", post(NEW + more), CREATED) for what, more in (
        ("text", b" and more"), ("a second value", b'{"file": 1}'), ("a bracket", b"}"))),
    Case("takes the last of a repeated key", "1.2 JSON dialect",
         post(b'{"file": "relative.py", "file": "local:///opt/app.py"}'), CREATED),
    Case("takes the last of a repeated key, when it is wrong", "1.2 JSON dialect",
         post(b'{"file": "local:///opt/app.py", "file": "relative.py"}'), Reply(400, MSG)),
    *(Case(f"decodes {what}", "1.2 JSON dialect", post(named(f'"{text} ${{new}}"')),
           Reply(201, lambda known, shown=shown:
           batch(name=f"{shown} {known['new']}"))) for what, text, shown in (
        ("an escape", "\\u00fc", "\u00fc"), ("a surrogate pair", "\\ud83d\\ude00", "\U0001f600"),
        ("an escaped slash and quote", '\\/\\"', '/"'), ("upper case hexadecimal", "\\u00DC", "\u00dc"))),
    Case("takes blanks around everything", "1.2 JSON dialect", post(b' \r\n\t{ "file" : "local:///opt/app.py" } \n'),
         CREATED),
    Case("leaves no field out of what was made", "1.2 JSON out", submit(), CREATED),
    Case("leaves no field out of an item", "1.2 JSON out", get("/batches/${id}"),
         Reply(200, batch(name=None, owner=None, proxyUser=None)), given="a batch without a name"),
]

NUMBERS = [
    *(Case(f"refuses {name}={shown or 'nothing'} of {path}", "1.2 query numbers", get(f"{path}?{name}={sent}"),
           Reply(400, {"msg": f'For input string: "{shown}"'}), Reply(400, msg(f'For input string: "{shown}"', name)),
           "error bodies", "a batch")
      for path in ("/batches", "/batches/${id}/log") for name, sent, shown in (
          ("from", "abc", "abc"), ("size", "", ""), ("size", "1.5", "1.5"), ("from", "2147483648", "2147483648"),
          ("size", "-2147483649", "-2147483649"), ("from", "0x10", "0x10"), ("size", "%201", " 1"))),
    *(Case(f"takes {text} for a number", "1.2 query numbers", get(f"/batches?from={text}&size=0"),
           Reply(200, {"from": number, "total": INT, "sessions": []}))
      for text, number in (("%2B1", 1), ("-1", -1), ("2147483647", 2147483647), ("-2147483648", -2147483648),
                           ("007", 7))),
    Case("takes the first of a repeated parameter", "1.2 query numbers", get("/batches?from=1&size=0&from=x"),
         Reply(200, {"from": 1, "total": INT, "sessions": []})),
    Case("ignores unknown parameters", "1.2 query numbers", get("/batches?size=0&foo=x&From=y&"),
         Reply(200, {"from": 0, "total": INT, "sessions": []})),
    Case("ignores unknown parameters of a state", "1.2 query numbers", get("/batches/${id}/state?poll=1&x"), Reply(200),
         given="a batch"),
]

SIZES = [
    Case("takes a header of 130,000 bytes", "1.2 header limits", padded(130_000), Reply(200)),
    Case("takes ten headers of 12,900 bytes", "1.2 header limits", padded(129_000, 10), Reply(200)),
    Case("refuses a header of 140,000 bytes", "1.2 header limits", padded(140_000),
         Reply(431, HTML, ANY_TYPE), Reply(431, MSG), "error bodies"),
    Case("refuses ten headers of 14,000 bytes", "1.2 header limits", padded(140_000, 10),
         Reply(431, HTML, ANY_TYPE), Reply(431, MSG), "error bodies"),
    Case("takes a Kerberos token", "1.2 header limits",
         get("/batches?size=1", headers={"Authorization": "Negotiate " + "x" * 60_000}), Reply(200)),
    Case("takes a target of 8,000 bytes", "1.2 header limits", get("/batches?size=1&x=" + "x" * 7_980), Reply(200)),
    Case("takes a target of 10,000 bytes", "1.2 header limits", get("/batches?size=1&x=" + "x" * 9_980), Reply(200),
         Reply(414, MSG), "long targets"),
    Case("takes a body of 100 KB", "1.2 body limits", submit(args=["x" * 100_000]), CREATED),
    Case("takes a body of 10 MB", "1.2 body limits", post(b" " * 10_000_000 + NEW), CREATED, Reply(413, msg("bytes")),
         "large bodies"),
    Case("takes a body of 20 MB", "1.2 body limits", post(b" " * 20_000_000 + NEW), CREATED,
         Reply(413, msg("larger")),
         "large bodies"),
]

VERSIONS = [
    *(Case(f"serves {accept}", "1.2 versioning", get("/batches", headers={"Accept": accept}), Reply(200))
      for accept in ("application/vnd.livy.v0.1+json", "application/json", "text/html, */*;q=0.8",
                     "application/vnd.other.v7+json")),
    Case("serves no Accept", "1.2 versioning", get("/batches", headers={"Accept": None}), Reply(200)),
    *(Case(f"has no version {number}", "1.2 versioning", Request(method, path, body, {"Accept":
           f"application/vnd.livy.v{number}+json"}), Reply(406, {"msg": f"No value found for '{number}'"}),
           Reply(406, msg(f"No value found for '{number}'")), "error bodies", "a batch")
      for number, method, path, body in (
          ("7", "GET", "/batches", None), ("1", "GET", "/batches/${id}", None),
          ("0.2", "GET", "/batches/${id}/state", None),
          ("1.0", "POST", "/batches", {"file": FILE}), ("9", "DELETE", "/batches/${id}", None),
          ("0.10", "GET", "/batches/${id}/log", None))),
    Case("has one version of all routes", "1.2 versioning", get("/version", headers={
        "Accept": "application/vnd.livy.v7+json"}), Reply(200), Reply(406, msg("'7'")), "version of /version"),
    Case("makes nothing for a wrong version", "1.2 versioning", post(
        {"file": FILE, "name": "v-${new}"}, headers={"Accept": "application/vnd.livy.v9+json"}),
        Reply(406, {"msg": "No value found for '9'"}), Reply(406, msg("'9'")), "error bodies",
        then=(Step(get("/batches/v-${new}"), Reply(404)),)),
]

SECURITY = [
    security("protects the list", get("/batches"), 200),
    security("protects an item", get("/batches/${id}"), 200, "a batch"),
    security("protects what was made", submit(), 201),
    security("protects a deletion", delete("/batches/${id}"), 200, "a batch"),
    security("protects a refusal", get("/batches?from=x"), 400),
    security("protects what is not there", get("/batches/none-${new}"), 404),
    security("protects a HEAD", head("/batches"), 200),
    security("protects the version", get("/version"), 200),
    security("protects a wrong method", Request("PUT", "/batches"), 405),
    Case("names no server", "1.2 security headers", get("/batches"), Reply(200, headers={"Server": None}),
         Reply(200, headers={"Server": "nginx"}), "Server header"),
]

CASES = [*TYPES, *CODINGS, *TEXTS, *JSONS, *NUMBERS, *SIZES, *VERSIONS, *SECURITY]
