"""Reads lines "expression|seconds since 1970" and prints the next runs in UTC, by croniter.

Prints one line for each line of input: seconds since 1970, separated by blanks, or "error" when
croniter refuses the expression. The argument is the number of runs to print for each expression.
"""

import sys

from croniter import croniter


def main() -> None:
    count = int(sys.argv[1])
    for line in sys.stdin:
        expression, after = line.rstrip("\n").split("|")
        try:
            runs = croniter(expression, float(after))
            print(*(int(runs.get_next(float)) for _ in range(count)))
        except ValueError:
            print("error")


if __name__ == "__main__":
    main()
