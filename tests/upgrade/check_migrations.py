#!/usr/bin/env python3
"""Refuses migrations that the release before could not run with.

Compares the migrations with those of the latest tag v*: what was released stays as it is, and what is new only
adds. A later release may drop what the latest one uses no more; the line before such a statement says so, with a
tag that exists:

  -- lmsmail: unused since v1.2.0

Without a tag there is no release to be compatible with.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDERS = re.compile(r"^(services/\w+|libs/\w+)/migrations/[^/]+\.sql$")
UNUSED = re.compile(r"--\s*lmsmail: unused since (v[0-9.]+)")
NOT_ADDITIVE = [
    (r"\bDROP\s+(TABLE|COLUMN|SCHEMA|SEQUENCE|VIEW|FUNCTION|TYPE|TRIGGER)\b", "drops what the release before uses"),
    (r"^ALTER\s+TABLE\b.*\bDROP\s+(?!(DEFAULT|NOT\s+NULL|CONSTRAINT|EXPRESSION|IDENTITY)\b)", "drops a column"),
    (r"\bRENAME\b", "renames what the release before uses"),
    (r"\bTRUNCATE\b", "deletes rows"),
    (r"\bALTER\s+(COLUMN\s+)?\w+\s+(SET\s+DATA\s+)?TYPE\b", "changes a type"),
    (r"\bSET\s+NOT\s+NULL\b", "refuses rows that the release before writes"),
    (r"\bDROP\s+(DEFAULT|EXPRESSION|IDENTITY)\b", "takes a value that the release before leaves out"),
    (r"^ALTER\s+TABLE\b.*\bADD\s+(CONSTRAINT|CHECK|UNIQUE|PRIMARY\s+KEY|FOREIGN\s+KEY|EXCLUDE)\b",
     "refuses rows that the release before writes"),
    (r"^CREATE\s+(OR\s+REPLACE\s+)?(CONSTRAINT\s+)?TRIGGER\b", "changes what a write of the release before does"),
    (r"\bSET\s+SCHEMA\b", "moves what the release before uses"),
]
ADD_COLUMN = re.compile(r"\bADD\s+(?:COLUMN\s+)?(?:IF\s+NOT\s+EXISTS\s+)?"
                        r"(?!CONSTRAINT\b|CHECK\b|UNIQUE\b|PRIMARY\b|FOREIGN\b|EXCLUDE\b|VALUE\b)(\w+)\s+([^;]*)", re.S)


def statements(sql):
    """Pairs of the comments before a statement and the statement, without comments, in one line."""
    comments, statement = [], []
    in_body = False  # of $$ ... $$, whose semicolons end nothing
    for line in sql.splitlines():
        code, _, comment = line.partition("--")
        if comment and not in_body:
            comments.append("--" + comment)
        in_body ^= code.count("$$") % 2 == 1
        if code.strip():
            statement.append(code.strip())
        while statement and not in_body and ";" in statement[-1]:
            head, _, rest = statement[-1].rpartition(";") if "$$" in statement[-1] else statement[-1].partition(";")
            yield comments, " ".join([*statement[:-1], head])
            comments, statement = [], [rest.strip()] if rest.strip() else []
    if statement:
        yield comments, " ".join(statement)


def parts(definition):
    """Splits what follows ALTER TABLE x at commas that are in no parentheses."""
    depth, part = 0, ""
    for character in definition:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            yield part
            part = ""
        else:
            part += character
    yield part


def faults_of(sql, tags=()):
    """What is wrong with a migration."""
    new_tables = set(re.findall(r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?([\w.]+)", sql, re.I))
    for comments, statement in statements(sql):
        table = re.match(r"(?:ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?|CREATE\s+UNIQUE\s+INDEX.*?\bON\s+(?:ONLY\s+)?)"
                         r"([\w.]+)", statement, re.I)
        if table and table.group(1) in new_tables:
            continue  # no release before knows it
        if any(mark.group(1) in tags for mark in map(UNUSED.search, comments) if mark):
            continue
        text = re.sub(r"'(?:[^']|'')*'", "''", statement)
        for pattern, why in NOT_ADDITIVE:
            if re.search(pattern, text, re.I | re.S):
                yield f"{why}: {statement[:100]}"
                break
        else:
            if re.match(r"CREATE\s+UNIQUE\s+INDEX\b", text, re.I):
                yield f"refuses rows that the release before writes: {statement[:100]}"
            if re.match(r"ALTER\s+TABLE\b", text, re.I):
                for part in parts(text):
                    column = ADD_COLUMN.search(part)
                    if column and re.search(r"\bNOT\s+NULL\b", column.group(2), re.I) and not re.search(
                            r"\b(DEFAULT|GENERATED)\b", column.group(2), re.I):
                        yield f"the column {column.group(1)} is NOT NULL without a default"


def git(*arguments):
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True)


def main():
    described = git("describe", "--tags", "--match", "v[0-9]*", "--abbrev=0")
    if described.returncode != 0:
        print("There is no release to be compatible with yet.")
        return 0
    release = described.stdout.strip()
    tags = set(git("tag", "--merged", "HEAD").stdout.split())
    released = [path for path in git("ls-tree", "-r", "--name-only", release).stdout.split() if FOLDERS.match(path)]
    faults = []
    for path in released:
        old = git("show", f"{release}:{path}").stdout
        new = ROOT / path
        if not new.exists() or new.read_text() != old:
            faults.append(f"{path}: {release} has it, so it must stay as it was; put the change into a new migration")
    now = [str(path.relative_to(ROOT)) for folder in ("services", "libs") for path in (ROOT / folder).glob("*/migrations/*.sql")]
    for path in sorted(set(now) - set(released)):
        faults += [f"{path}: {fault}" for fault in faults_of((ROOT / path).read_text(), tags)]
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(faults)} faults, compared with {release}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
