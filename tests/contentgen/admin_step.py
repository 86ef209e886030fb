"""One thing that staff can try in the administration."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.contentgen.admin_rows import PK


@dataclass(frozen=True)
class Step:
    """Something that a POST changes; `happened` tells afterwards whether it did."""

    name: str
    path: str
    data: dict[str, Any]
    happened: Callable[[], bool]


def action(name: str, pk: int = PK, **more: str) -> dict[str, Any]:
    return {"action": name, "index": "0", "_selected_action": [pk], **more}


def is_gone(model: Any, pk: int = PK) -> bool:
    return not model._default_manager.filter(pk=pk).exists()
