"""Begins, in each process, what settings ask for to be seen from outside."""

import os

from django.conf import settings

from contentgen.monitoring import error_reports, sharing, tracing

is_in_children_alone = False  # set by a process that forks others, before Django is set up
_has_begun = False


def start() -> None:
    """Begin sharing metrics, tracing and reporting errors, each where a setting asks for it.

    A process that forks others begins none of it, because threads must not run there: each child begins as
    soon as it is one.
    """
    if is_in_children_alone:
        os.register_at_fork(after_in_child=_begin)
    else:
        _begin()


def _begin() -> None:
    """Begin, but for a child of a process that has begun: what it must renew, each part renews by itself."""
    global _has_begun
    if _has_begun:
        return
    _has_begun = True
    if settings.METRICS:
        sharing.start()
    tracing.start()
    error_reports.start()
