from pathlib import Path

from django.core.files.storage import FileSystemStorage

from contentgen.static_files import StaticFiles


def test_scripts_import_each_other_by_names_that_change_with_them(tmp_path: Path):
    scripts = tmp_path / "js"
    scripts.mkdir()
    (scripts / "play.js").write_text('import {\n  seek,\n} from "./seek.js";\nseek();\n')
    (scripts / "seek.js").write_text("export function seek() {}\n")
    found = FileSystemStorage(tmp_path)
    storage = StaticFiles(location=tmp_path, base_url="/static/")

    list(storage.post_process({f"js/{name}": (found, f"js/{name}") for name in ("play.js", "seek.js")}))

    name = Path(storage.stored_name("js/seek.js")).name
    assert name != "seek.js"
    assert f'from "./{name}"' in (tmp_path / storage.stored_name("js/play.js")).read_text()
