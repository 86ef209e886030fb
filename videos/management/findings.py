"""What doctor found, on a terminal, in a log, or for a program."""

import json
from collections import Counter
from collections.abc import Sequence

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.table import Table

from videos.doctor.finding import Finding, Health
from videos.management.progress import raw_stream

_COLOURS = {Health.OK: "green", Health.NOT_CHECKED: "dim", Health.WARNING: "yellow", Health.WRONG: "bold red"}
EXIT_CODES = {Health.OK: 0, Health.NOT_CHECKED: 0, Health.WARNING: 1, Health.WRONG: 2}


def exit_code(findings: Sequence[Finding]) -> int:
    """Return 2 where something is wrong, 1 where there are only warnings, else 0."""
    return max((EXIT_CODES[each.health] for each in findings), default=0)


def print_findings(stream: OutputWrapper, findings: Sequence[Finding]) -> None:
    """Print a table on a terminal; elsewhere a line for each finding, which says it all."""
    if stream.isatty():
        Console(file=raw_stream(stream), force_terminal=True, markup=False).print(_table(findings))
    else:
        for each in findings:
            advice = f" → {each.advice}" if each.advice else ""
            stream.write(f"{each.health.upper():<11}  {each.what}: {each.found}{advice}")
    stream.write(_summary(findings))


def print_json(stream: OutputWrapper, findings: Sequence[Finding]) -> None:
    """Print the findings and the exit code as JSON."""
    told = [
        {"what": each.what, "state": each.health.value, "found": each.found, "advice": each.advice}
        for each in findings
    ]
    stream.write(
        json.dumps({"exit_code": exit_code(findings), "findings": told}, ensure_ascii=False, indent=2)
    )


def _table(findings: Sequence[Finding]) -> Table:
    table = Table(title="doctor", show_lines=False, pad_edge=False)
    for name, ratio in (("What", 2), ("State", 1), ("Found", 4), ("What to do", 4)):
        table.add_column(
            name,
            ratio=ratio,
            overflow="fold",
            no_wrap=name == "State",
            min_width=11 if name == "State" else None,
        )
    for each in findings:
        table.add_row(each.what, each.health.value, each.found, each.advice, style=_style(each))
    return table


def _style(finding: Finding) -> str:
    return "" if finding.health == Health.OK else _COLOURS[finding.health]


def _summary(findings: Sequence[Finding]) -> str:
    counts = Counter(each.health for each in findings)
    wrong, warnings = counts[Health.WRONG], counts[Health.WARNING]
    if not wrong and not warnings:
        return f"All is well: {counts[Health.OK]} checks."
    told = [f"{wrong} wrong"] if wrong else []
    told += [f"{warnings} warning{'s' if warnings > 1 else ''}"] if warnings else []
    return f"{' and '.join(told)}, {counts[Health.OK]} ok. Mend what stands first, then run it again."
