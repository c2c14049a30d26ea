#!/usr/bin/env python3
"""Checks metrics, rules, dashboards and runbook against each other.

  check.py                      the rules, by promtool and its unit tests; that code registers every metric
                                which rules and dashboards use; that alerts and runbook belong together
  check.py --exported FILE...   what running services export, by promtool; that it has the labels by
                                which rules and dashboards select and sum
"""
import json
import pathlib
import re
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RULES = sorted((ROOT / "helm/lmsmail/files/rules").glob("*.yaml"))
DASHBOARDS = sorted((ROOT / "helm/lmsmail/files/dashboards").glob("*.json"))
RUNBOOK = ROOT / "deploy/runbook.md"
# Prometheus and the chart add these to every series, and `le` belongs to buckets.
TARGET_LABELS = {"namespace", "job", "instance", "pod", "le", "alertname", "alertstate"}
NAME = re.compile(r"(?<![\w:$])(?:\w+:)?(?:lmsmail|process)_\w+(?::\w+)?")
REGISTERED = re.compile(r'"((?:lmsmail|process)_[a-z0-9_]+)"')
KINDS = re.compile(r'Add(Counter|Gauge|Histogram)(?:Function)?\(\s*"([a-z0-9_]+)"')


def load_rules():
    return [rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def expressions():
    """Pairs of where an expression stands, and the expression."""
    for rule in load_rules():
        yield rule.get("alert") or rule["record"], rule["expr"]
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", []):
                yield f"{path.stem}: {panel['title']}", target["expr"]


def names_in(expression):
    without_text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    return set(NAME.findall(without_text))


def family(name):
    return re.sub(r"_(bucket|count|sum)$", "", name)


def code_of_services():
    for folder in ("libs", "services"):
        for path in (ROOT / folder).rglob("*.cc"):
            if not path.name.endswith("_test.cc"):
                yield path.read_text()


def check_names(faults):
    recorded = {rule["record"] for rule in load_rules() if "record" in rule}
    code = list(code_of_services())
    registered = {name for text in code for name in REGISTERED.findall(text)}
    kinds = {name: kind for text in code for kind, name in KINDS.findall(text)}
    used = set()
    for where, expression in expressions():
        used |= names_in(expression)
        for name in names_in(expression):
            known = name in recorded if ":" in name else family(name) in registered or name in registered
            if not known:
                faults.append(f"{where}: no code or rule makes {name}")
    for name in recorded - used:
        faults.append(f"nothing uses the recorded {name}")
    for name, kind in kinds.items():
        if (kind == "Counter") != name.endswith("_total"):
            faults.append(f"{name}: counters, and nothing else, end with _total")
        if kind == "Histogram" and not name.endswith(("_seconds", "_bytes")):
            faults.append(f"{name}: a histogram is in seconds or bytes")
    if not kinds or not used:
        faults.append("no metrics were found")


def check_runbook(faults):
    alerts = {rule["alert"]: rule for rule in load_rules() if "alert" in rule}
    sections = {}
    for part in re.split(r"^### ", RUNBOOK.read_text(), flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        sections[title.strip()] = text
    for name in alerts.keys() ^ sections.keys():
        faults.append(f"{name}: an alert without a section of the runbook, or the reverse")
    for name, text in sections.items():
        for words in ("**What it means.**", "**What to look at.**", "**What to do.**"):
            if words not in text:
                faults.append(f"runbook, {name}: lacks {words}")
    for name, rule in alerts.items():
        annotations = rule.get("annotations", {})
        if annotations.get("runbook_url") != f"deploy/runbook.md#{name.lower()}":
            faults.append(f"{name}: runbook_url must lead to its section")
        if not annotations.get("summary") or rule.get("labels", {}).get("severity") not in ("critical", "warning"):
            faults.append(f"{name}: lacks a summary or its severity")


def check_dashboards(faults):
    uids = [json.loads(path.read_text())["uid"] for path in DASHBOARDS]
    if len(set(uids)) != len(uids):
        faults.append("two dashboards have the same uid")
    for path in DASHBOARDS:
        panels = json.loads(path.read_text())["panels"]
        if len({panel["id"] for panel in panels}) != len(panels):
            faults.append(f"{path.stem}: two panels have the same id")
        # promtool knows no variables of Grafana; these are all that the dashboards use.
        rules = [{"record": f"panel:{panel['id']}_{i}", "expr": target["expr"].replace("$namespace", "x")}
                 for panel in panels for i, target in enumerate(panel.get("targets", []))]
        result = promtool(["check", "rules", "/dev/stdin"],
                          yaml.safe_dump({"groups": [{"name": path.stem, "rules": rules}]}))
        if result.returncode:
            faults.append(f"{path.stem}: {result.stdout}{result.stderr}")


def promtool(arguments, text=None):
    return subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, check=False)


def check_rules(faults):
    for arguments in (["check", "rules", "--lint-fatal", *map(str, RULES)],
                      ["test", "rules", str(ROOT / "tests/observability/alerts_test.yaml")]):
        result = promtool(arguments)
        if result.returncode:
            faults.append(result.stdout + result.stderr)
    tested = (ROOT / "tests/observability/alerts_test.yaml").read_text()
    for rule in load_rules():
        if "alert" in rule and f"alertname: {rule['alert']}\n    eval_time" not in tested:
            faults.append(f"{rule['alert']}: has no unit test")


def labels_of(exposition):
    """The label names of each metric."""
    labels = {}
    for name, text in re.findall(r"^([a-z]\w*)(?:\{(.*)\})? \S+$", exposition, re.MULTILINE):
        labels.setdefault(name, set()).update(re.findall(r'(\w+)="', text))
    return labels


def check_exported(paths, faults):
    labels = {}
    for path in paths:
        text = pathlib.Path(path).read_text()
        result = promtool(["check", "metrics"], text)
        if result.returncode or result.stdout or result.stderr:
            faults.append(f"{path}: {result.stdout}{result.stderr}")
        for name, names in labels_of(text).items():
            labels.setdefault(name, set()).update(names)
    for record in (rule["record"] for rule in load_rules() if "record" in rule):
        labels[record] = set(record.split(":")[0].split("_"))
    seen = set()
    for where, expression in expressions():
        names = names_in(expression)
        seen |= {name for name in names if name in labels and ":" not in name}
        known = set().union(*(labels.get(name, set()) for name in names)) | TARGET_LABELS
        if not all(name in labels for name in names):
            continue  # of something that has not happened to these services
        for name, matchers in re.findall(r"((?:\w+:)?(?:lmsmail|process)_\w+(?::\w+)?)\{([^}]*)\}", expression):
            for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(r'"(?:[^"\\]|\\.)*"', '""', matchers)):
                if label not in labels[name] | TARGET_LABELS:
                    faults.append(f"{where}: {name} has no label {label}")
        for clause in re.findall(r"\b(?:by|on|group_left)\s*\(([^)]*)\)", expression):
            for label in re.findall(r"\w+", clause):
                if label not in known:
                    faults.append(f"{where}: nothing there has the label {label}")
    if len(seen) < 20:
        faults.append(f"only {len(seen)} metrics of rules and dashboards are exported: {sorted(seen)}")


def main():
    faults = []
    if sys.argv[1:2] == ["--exported"]:
        check_exported(sys.argv[2:], faults)
    else:
        check_rules(faults)
        check_names(faults)
        check_runbook(faults)
        check_dashboards(faults)
    print(*faults, f"{len(faults)} faults", sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
