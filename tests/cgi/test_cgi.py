# SPDX-License-Identifier: Apache-2.0
"""What only CGI's variables can show: addresses, lengths that are wrong, an environment without anything."""
import json

import pytest
from cgi_client import Cgi


@pytest.mark.parametrize("address", ["192.0.2.7", "0.0.0.0", "10.88.0.1", "2001:db8::1", "::", "::ffff:192.0.2.7",
                                     "localhost", "", None])
def test_another_address_than_loopback_is_refused_until_auth_none_is_written_out(stack, address):
    answer = Cgi(stack, server_addr=address).call("GET", "/batches")
    assert answer.status == 403 and "auth: none" in answer.json()["msg"]
    posted = Cgi(stack, server_addr=address).call("POST", "/batches", b'{"file": "local:///a.py"}')
    assert posted.status == 403

    open_config = stack.write_config({"auth": "none"}, "auth-none.yaml")
    assert Cgi(stack, open_config, address).call("GET", "/batches").status == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "unix:/run/x.sock"])
def test_loopback_is_served(stack, address):
    assert Cgi(stack, server_addr=address).call("GET", "/batches").status == 200


def test_the_environment_opens_the_address_too(stack):
    cgi = Cgi(stack, server_addr="192.0.2.7", SPARKGATE_AUTH="none")
    assert cgi.call("GET", "/batches").status == 200


def test_health_is_told_to_everybody_who_reaches_the_port(stack):
    cgi = Cgi(stack, server_addr="192.0.2.7")
    assert cgi.call("GET", "/healthz").status == 200
    assert cgi.call("GET", "/readyz").status == 200
    assert cgi.call("GET", "/metrics").status == 403


def test_a_body_that_ends_before_its_length_is_refused(stack):
    answer = Cgi(stack, CONTENT_LENGTH="100").call("POST", "/batches", b'{"file": "local:///a.py"}')
    assert answer.status == 400 and "ended after 25 bytes" in answer.json()["msg"]


def test_no_more_than_the_length_is_read(stack):
    body = b'{"file": "local:///a.py"}'
    answer = Cgi(stack, CONTENT_LENGTH=str(len(body))).call("POST", "/batches", body + b"{" * 100)
    assert answer.status == 201


@pytest.mark.parametrize("length", ["", "abc", "-5", "0"])
def test_a_length_that_is_none_means_an_empty_body(stack, length):
    answer = Cgi(stack, CONTENT_LENGTH=length).call("POST", "/batches", b"")
    assert answer.status == 400 and "No content" in answer.json()["msg"]


def test_a_body_of_more_than_1_mib_is_refused_with_the_limit(stack):
    answer = Cgi(stack).call("POST", "/batches", b'{"file": "' + b"x" * (1024 * 1024) + b'"}')
    assert answer.status == 413 and "1048576 bytes" in answer.json()["msg"]


def test_the_script_name_stands_in_for_a_missing_request_uri(stack):
    answer = Cgi(stack, REQUEST_URI="", SCRIPT_NAME="/version").call("GET", "ignored")
    assert answer.status == 200 and answer.json()["version"]


def test_an_environment_without_anything_is_a_get_of_the_root(stack):
    answer = Cgi(stack, REQUEST_METHOD="", REQUEST_URI="").call("", "")
    assert answer.status == 200 and answer.json() == {}


@pytest.mark.parametrize("sent", ["with blank", 'quote"', "new\nline", "x" * 65, "ümlaut", ";"])
def test_a_request_id_that_is_no_plain_word_is_replaced(stack, sent):
    cgi = Cgi(stack, HTTP_X_REQUEST_ID=sent)
    answer = cgi.call("GET", "/batches/0")
    made = answer.headers["x-request-id"]
    assert made != sent and len(made) == 16
    assert f"request={made}" in cgi.errors


def test_the_log_is_a_line_a_request_with_client_bytes_escaped(stack):
    cgi = Cgi(stack)
    cgi.call("GET", '/batches/a"b\x01c?level=error')
    lines = [line for line in cgi.errors.splitlines() if " event=request" in line]
    assert len(lines) == 1 and "status=404" in lines[0] and r'path="/batches/a\"b\u0001c"' in lines[0]


def test_json_log_lines_parse(stack):
    cgi = Cgi(stack, SPARKGATE_LOG_FORMAT="json")
    answer = cgi.call("GET", '/batches/"x"')
    lines = [json.loads(line) for line in cgi.errors.splitlines()]
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["status"] == 404 and line["request"] == answer.headers["x-request-id"]
