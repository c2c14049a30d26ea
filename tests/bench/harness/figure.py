"""The result of a measurement and its presentation."""

import dataclasses
import json
import math


@dataclasses.dataclass
class Figure:
    """One result: our measurement, the one that it is compared with in the same run, and their ratio."""

    name: str
    what: str
    ours: float | None = None
    other: float | None = None
    unit: str = ""
    other_is: str = ""
    goal: str = ""  # for the ratio: ">= 0.25" or "<= 1.5"; for ours: "ours <= 250"; empty for none
    note: str = ""  # why there is no result
    details: dict = dataclasses.field(default_factory=dict)

    @property
    def ratio(self):
        return self.ours / self.other if self.ours is not None and self.other else None

    @property
    def reached(self):
        """Whether the goal is reached; None if there is no goal or no result."""
        subject, _, rest = self.goal.rpartition("ours ")
        value = self.ours if subject or self.goal.startswith("ours ") else self.ratio
        if value is None or not self.goal:
            return None
        sign, bound = rest.split()
        return value >= float(bound) if sign == ">=" else value <= float(bound)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def _number(value, unit=""):
    if value is None:
        return "-"
    shown = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{shown} {unit}".strip()


def table(figures):
    head = ["figure", "ours", "compared with", "ratio", "goal", ""]
    rows = [head]
    for figure in figures:
        verdict = {True: "reached", False: "MISSED", None: ""}[figure.reached]
        other = f"{_number(figure.other, figure.unit)} {figure.other_is}" if figure.other else ""
        rows.append([figure.name, _number(figure.ours, figure.unit), other,
                     _number(figure.ratio), figure.goal, verdict or figure.note])
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
             for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def to_json(figures, machine):
    return json.dumps({"machine": machine, "figures": {
        figure.name: {**{key: value for key, value in dataclasses.asdict(figure).items()
                         if key != "name"},
                      "ratio": figure.ratio, "reached": figure.reached}
        for figure in figures}}, indent=1)
