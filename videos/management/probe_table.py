"""The report of a probe as a table for a terminal."""

import textwrap

from videos.backends.probe_report import ProbeReport

_MARKS = {True: "yes", False: "no", None: "?"}
_WIDTH = 100


def format_report(report: ProbeReport) -> str:
    """Return a row for each check, and beneath it what to do."""
    widest = max(len(check.name) for check in report.checks)
    lines = []
    for check in report.checks:
        head = f"{check.name:<{widest}}  {_MARKS[check.works]:<3}  "
        for text in filter(None, (check.found, check.advice)):
            indent = " " * len(head)
            lines += textwrap.wrap(text, _WIDTH, initial_indent=head, subsequent_indent=indent)
            head = indent
    return "\n".join(lines)
