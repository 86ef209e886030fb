"""Every template can be read: a filter that nothing loads would be a 500 only once its page is opened."""

from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

_FOLDER = Path(settings.BASE_DIR) / "templates"
_NAMES = sorted(str(path.relative_to(_FOLDER)) for path in _FOLDER.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", _NAMES)
def test_it_is_read(name: str):
    assert get_template(name)
