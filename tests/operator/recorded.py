# SPDX-License-Identifier: Apache-2.0
"""Kubernetes objects in a form in which two makers' results can be compared, and equal ones have equal bytes.

Generated words become fixed ones. Properties, and lists whose order means nothing because Spark fills them out of
hash maps, become dictionaries. A set is kept as what it changes of one plain application's objects of the same
version: a JSON merge patch (RFC 7396). Where that is the same as in the version of LIKE, there is no file.
"""
import json
import pathlib
import re

import yaml

DATA = pathlib.Path(__file__).resolve().parents[1] / "data/operator"
CASES = DATA / "cases"
PLAIN = "plain"
VERSIONS = ("3.5.9", "4.0.5", "4.1.4", "4.3.0")
LIKE = {"4.0.5": "3.5.9", "4.1.4": "4.3.0"}

# The key of a config map that holds the executors' pod template; spark-submit makes a map for it alone.
TEMPLATE = "podspec-configmap-key"

# The lists of a pod or service that are in no certain order, and what tells their members apart.
NAMED = {"env": "name", "ports": "name", "volumes": "name", "volumeMounts": "mountPath", "items": "key",
         "imagePullSecrets": "name", "containers": "name"}

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Spark's unique ids: three random bytes and 40 bits of its clock, without leading zeros.
UNIQUE = "[0-9a-f]{7,16}"
# Found in one object, replaced in all of them; what may hold another comes before it.
GENERATED = (
    ("/var/data/spark-LOCALDIR", re.compile(rf'"(/var/data/spark-{UUID})"')),
    ("APPID", re.compile(r'"spark-app-selector": "(spark-[0-9a-f]{32})"')),
    ("SUBMISSIONID", re.compile(rf'"sparkoperator.k8s.io/submission-id": "({UUID})"')),
    ("CONFID", re.compile(rf'"spark-drv-({UNIQUE})-conf-map"')),
    ("RESOURCEID", re.compile(rf"-({UNIQUE})-(?:driver-|policy)")),
    ("APPLICATIONUID", re.compile(rf'"kind": "SparkApplication", "name": "[^"]*", "uid": "({UUID})"')),
    ("SUBMITTIME", re.compile(r"spark\.app\.submitTime=(\d+)")),
)
# Up to the first = without a backslash, in an even number of them.
PROPERTY = re.compile(r"((?:\\.|[^=\\])*)=(.*)", re.S)


def cases():
    """The plain one first."""
    return sorted((file.stem for file in CASES.glob("*.yaml")), key=lambda case: (case != PLAIN, case))


def file_of(version, case):
    return DATA / f"spark-submit-{version}" / f"{case}.json"


def kept(version, case):
    """What the set's file holds, or that of the version that it is like; "" when there is none."""
    file = file_of(version, case)
    if file.exists():
        return file.read_text()
    return kept(LIKE[version], case) if version in LIKE else ""


def keep(version, case, text):
    file = file_of(version, case)
    if version in LIKE and case != PLAIN and text == kept(LIKE[version], case):
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def manifest(version, case):
    application = yaml.safe_load((CASES / f"{case}.yaml").read_text())
    application["metadata"]["namespace"] = "spark"
    application["spec"]["sparkVersion"] = version
    return application


def recorded(version, case):
    """{kind: object}, or {"Refusal": why}."""
    changes = json.loads(kept(version, case))
    return changes if case == PLAIN else merged(_plain(version, case), changes)


def text_of(objects, version, case):
    """What a set's file is to hold, the plain one's being written. One object a line: short, and changes show."""
    changes = objects if case == PLAIN else merge_patch(_plain(version, case), objects)
    lines = ",\n".join(f"{json.dumps(kind)}:" + json.dumps(changes[kind], sort_keys=True, ensure_ascii=False,
                                                           separators=(",", ":")) for kind in sorted(changes))
    return f"{{{lines}}}\n"


def _plain(version, case):
    """The plain application's objects, under another's name."""
    return json.loads(kept(version, PLAIN).replace(
        manifest(version, PLAIN)["metadata"]["name"], manifest(version, case)["metadata"]["name"]))


def merge_patch(old, new):
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    patch = {key: None for key in old if key not in new}
    patch.update({key: merge_patch(old.get(key), value) for key, value in new.items() if old.get(key) != value})
    return patch


def merged(old, patch):
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def normalised(objects, replace=()):
    """{kind: object}, and the executors' template as an object of its own, wherever it is kept.

    replace: more (text, word) pairs, for what only the caller knows
    """
    text = json.dumps(objects, sort_keys=True, ensure_ascii=False)
    for old, word in replace:
        text = text.replace(old, word)
    for word, pattern in GENERATED:
        for found in sorted(set(pattern.findall(text)), key=len, reverse=True):
            text = text.replace(found, word)
    result = {}
    for each in json.loads(text):
        kind = each["kind"]
        if kind == "ConfigMap" and TEMPLATE in each["data"]:
            template = each["data"].pop(TEMPLATE)
            result["ExecutorTemplate"] = _template(json.loads(template) if isinstance(template, str) else template)
            if not each["data"]:
                continue
        if each["metadata"]["name"].endswith("-ui-svc"):
            kind = "UiService"
        assert kind not in result, f"two of {kind}"
        result[kind] = _named(each)
    _sort_local_dirs(result["Pod"]["spec"])
    return result


def _template(pod):
    """Without the empty members that mean nothing."""
    metadata = {key: value for key, value in pod.get("metadata", {}).items() if value}
    return _named(dict(pod, metadata=metadata))


def _sort_local_dirs(pod):
    """Spark shuffles its directories, so that not all drivers write to the first disk first."""
    for container in pod["containers"].values():
        variable = container.get("env", {}).get("SPARK_LOCAL_DIRS")
        if variable is None:
            continue
        paths = sorted(variable["value"].split(","))
        variable["value"] = ",".join(paths)
        mounts = [container["volumeMounts"][path] for path in paths]
        if all(mount == {"name": mount["name"]} and pod["volumes"][mount["name"]] == pod["volumes"][mounts[0]["name"]]
               for mount in mounts):
            # Alike, and numbered after the shuffling.
            for mount, name in zip(mounts, sorted(mount["name"] for mount in mounts)):
                mount["name"] = name


def _named(value, key=None):
    if key in ("limits", "requests"):
        return {name: _quantity(each) for name, each in value.items()}
    if isinstance(value, dict):
        return {name: _named(each, name) for name, each in value.items()}
    if key == "spark.properties":
        return _properties(value)
    if not isinstance(value, list):
        return value
    name = NAMED.get(key)
    if name is None or not all(isinstance(each, dict) and name in each for each in value):
        return [_named(each) for each in value]
    result = {}
    for each in value:
        called = each[name]
        while called in result:
            called += "#again"
        result[called] = {key: _named(member, key) for key, member in each.items() if key != name}
    return result


def _quantity(text):
    """In the unit that Kubernetes itself would write it in."""
    mebibytes = re.fullmatch(r"(\d+)Mi", str(text))
    return f"{int(mebibytes[1]) // 1024}Gi" if mebibytes and int(mebibytes[1]) % 1024 == 0 else text


def _properties(text):
    """Keys and values as they are written, escaped; Java writes the lines in no order, after two comments."""
    first, *lines = text.removesuffix("\n").split("\n")
    result = {"#": first}
    for line in lines:
        if not line.startswith("#"):
            key, value = PROPERTY.fullmatch(line).groups()
            assert key not in result, f"{key} twice"
            result[key] = value
    return result
