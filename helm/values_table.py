#!/usr/bin/env python3
"""Writes the table of values in lmsmail/README.md from the comments in lmsmail/values.yaml.

    values_table.py            writes it
    values_table.py --check    fails if it is not up to date

A comment that begins with "# --" describes the value below it and goes on in the comment lines that
follow. Values without one are plain from their names and are not in the table.
"""

import json
import pathlib
import re
import sys

import yaml

CHART = pathlib.Path(__file__).parent / "lmsmail"
BEGIN, END = "<!-- values -->\n", "<!-- end of values -->\n"


def descriptions(text):
    """Pairs of the dotted key and its description, in the order of the file."""
    parents, description = [], None
    for line in text.splitlines():
        comment = re.match(r"\s*# ?(-- )?(.*)", line)
        if comment:
            if comment[1]:
                description = comment[2]
            elif description is not None:
                description += " " + comment[2]
            continue
        key = re.match(r"( *)([A-Za-z]+):", line)
        if key:
            depth = len(key[1]) // 2
            parents = parents[:depth] + [key[2]]
            if description is not None:
                yield ".".join(parents), description
        description = None


def value_at(values, key):
    for part in key.split("."):
        values = values[part]
    return values


def table(text):
    values = yaml.safe_load(text)
    rows = ["| value | default | |", "|---|---|---|"]
    for key, description in descriptions(text):
        default = json.dumps(value_at(values, key), ensure_ascii=False)
        rows.append(f"| `{key}` | `{default}` | {description} |")
    return "\n".join(rows) + "\n"


def main():
    readme = CHART / "README.md"
    old = readme.read_text()
    head, rest = old.split(BEGIN)
    new = head + BEGIN + table((CHART / "values.yaml").read_text()) + END + rest.split(END)[1]
    if sys.argv[1:] == ["--check"]:
        if new != old:
            sys.exit("helm/lmsmail/README.md is not up to date: run helm/values_table.py")
    else:
        readme.write_text(new)


if __name__ == "__main__":
    main()
