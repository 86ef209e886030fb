"""What a probe found, as a table for a terminal."""

import textwrap

from videos.backends.probe_report import ProbeReport

_MARKS = {True: "yes", False: "no", None: "?"}
_WIDTH = 100


def table(findings: ProbeReport) -> str:
    """Return one row for each thing looked at, with what to do beneath it."""
    widest = max(len(check.name) for check in findings.checks)
    lines = []
    for check in findings.checks:
        head = f"{check.name:<{widest}}  {_MARKS[check.works]:<3}  "
        for text in filter(None, (check.found, check.advice)):
            blank = " " * len(head)
            lines += textwrap.wrap(text, _WIDTH, initial_indent=head, subsequent_indent=blank)
            head = blank
    return "\n".join(lines)
