"""Static files of `make run`: collected when they have changed, under names that their content decides."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage

from contentgen.static_files import collect_changed


@pytest.fixture
def source(settings, tmp_path: Path) -> Iterator[Path]:
    """A small folder of static files in place of ours."""
    for name, text in {
        "css/core.css": '/* All of it. */\n@import "./tokens.css";\n@import "./base.css";\n',
        "css/tokens.css": '@font-face { src: url("../fonts/sans.woff2"); }\n',
        "css/base.css": "/* Plain\n   elements. */\n" + "body { margin: 0; }\n" * 50,
        "fonts/sans.woff2": "font",
        "js/core.js": 'import "./first.js";\nimport "./second.js";\n',
        "js/first.js": '// Why.\nimport { seek } from "./seek.js";\nconst title = 1; // Why.\n',
        "js/names.js": 'import "./open.js";\nimport "./shut.js";\n',
        "js/open.js": 'import { gettext } from "./texts.js";\ngettext("Open");\n',
        "js/play.js": 'import {\n  seek,\n} from "./seek.js";\nseek();\n',
        "js/rare.js": "const rare = 1;\n" * 50,
        "js/second.js": "const title = 2;\n",
        "js/seek.js": "export function seek() {}\n",
        "js/shut.js": 'import { gettext, ngettext } from "./texts.js";\nngettext(gettext("Shut"));\n',
        "js/texts.js": "// Why.\nexport const {\n  gettext,\n  ngettext,\n} = window;\n",
    }.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    finders.get_finder.cache_clear()
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATICFILES_DIRS = [tmp_path / "source"]
    settings.STATIC_ROOT = tmp_path / "static"
    yield tmp_path / "source"
    finders.get_finder.cache_clear()


def _collected(settings, name: str) -> str:
    return Path(settings.STATIC_ROOT, staticfiles_storage.url(name).removeprefix("/static/")).read_text()


def test_a_file_holds_the_parts_that_it_names(source: Path, settings):
    collect_changed()

    *_, parts = _collected(settings, "js/core.js").partition(";\n")
    assert parts == "{\nconst title = 1;\n}\n{\nconst title = 2;\n}\n"
    styles = _collected(settings, "css/core.css")
    assert "@import" not in styles
    assert "Plain" not in styles
    assert "body { margin: 0; }" in styles


def test_parts_that_have_texts_share_one_copy_of_what_shows_them(source: Path, settings):
    collect_changed()

    assert _collected(settings, "js/names.js") == (
        "const {\ngettext,\nngettext,\n} = window;\n"
        '{\ngettext("Open");\n}\n{\nngettext(gettext("Shut"));\n}\n'
    )


def test_modules_import_each_other_by_names_that_change_with_them(source: Path, settings):
    collect_changed()

    name = Path(staticfiles_storage.url("js/seek.js")).name
    assert name != "seek.js"
    for script in ("js/play.js", "js/core.js"):
        assert f'from "./{name}"' in _collected(settings, script)


def test_what_a_style_sheet_refers_to_has_a_name_of_its_content(source: Path, settings):
    collect_changed()

    font = staticfiles_storage.url("fonts/sans.woff2").rpartition("/")[2]
    assert font != "sans.woff2"
    assert f"../fonts/{font}" in _collected(settings, "css/core.css")


def test_what_most_pages_load_is_compressed_beforehand(source: Path, settings):
    collect_changed()

    compressed = {path.name.partition(".")[0] for path in Path(settings.STATIC_ROOT).rglob("*.br")}
    assert compressed == {"core"}


def test_nothing_is_collected_twice_and_a_change_is_seen(source: Path, settings):
    collect_changed()
    before = staticfiles_storage.url("css/core.css")
    mark = Path(settings.STATIC_ROOT, "mark")
    mark.touch()

    collect_changed()
    assert mark.exists()

    (source / "css/base.css").write_text("body { margin: 1px; }\n")
    collect_changed()
    assert not mark.exists()
    assert staticfiles_storage.url("css/core.css") != before


def test_what_is_not_collected_keeps_its_name(source: Path):
    assert staticfiles_storage.url("css/base.css") == "/static/css/base.css"
