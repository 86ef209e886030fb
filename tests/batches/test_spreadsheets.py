"""Spreadsheets as Excel, LibreOffice, Google Sheets and Numbers write them, and as somebody means harm."""

import io
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from videos.services import batch_xlsx

pytestmark = pytest.mark.django_db

FOLDER = Path(__file__).parent / "spreadsheets"


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir() if path.suffix != ".md"))
def test_the_same_rows_are_read_from_each_program(check, name: str):
    path = FOLDER / name
    checked = check(path.read_bytes(), path.suffix)
    assert [str(error) for error in checked.errors] == []
    assert checked.warnings == []
    assert [(row.prompt, row.seconds, row.custom_id) for row in checked.rows] == [
        ("A cat, sleepy", 4, "2026-11-02"),
        ("A dog\nin the rain", 8, "12"),
    ]


def _book(*rows: list[object]) -> bytes:
    workbook = Workbook()
    for row in rows:
        workbook.active.append(row)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def _rewritten(content: bytes, part: str, text: str) -> bytes:
    """Return the workbook with other XML in one of its parts."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, text if name == part else old.read(name))
    return buffer.getvalue()


def _errors(check, content: bytes) -> list[str]:
    return [str(error) for error in check(content, ".xlsx").errors]


def test_a_fault_is_named_by_row_and_column_of_the_sheet(check):
    content = _book(["prompt", "seconds"], ["A fox", 4], [], ["A bear", 4.5])
    assert _errors(check, content) == [
        "row 4, column B (seconds): seconds must be a whole number, such as 4."
    ]


def test_a_formula_counts_by_what_it_showed_and_its_error_is_a_fault(check):
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>prompt</t></is></c></row>'
        '<row r="2"><c r="A2" t="str"><f>"A "&amp;"fox"</f><v>A fox</v></c></row>'
        '<row r="3"><c r="A3" t="e"><f>Z9</f><v>#REF!</v></c></row></sheetData></worksheet>'
    )
    content = _rewritten(_book(["prompt"]), "xl/worksheets/sheet1.xml", sheet)
    checked = check(content, ".xlsx")
    assert [row.prompt for row in checked.rows] == ["A fox"]
    assert [str(error) for error in checked.errors] == [
        "row 3, column A: the formula of this cell shows #REF!. Fix it, or write the value itself."
    ]


def test_a_workbook_that_unfolds_into_too_much_is_not_unpacked(check, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batch_xlsx, "MAX_UNPACKED", 8 << 20)
    buffer = io.BytesIO(_book(["prompt"], ["A fox"]))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as parts, parts.open("bomb", "w") as bomb:
        for _ in range(9):
            bomb.write(bytes(1 << 20))
    assert len(buffer.getvalue()) < 1 << 20
    assert "too large once unpacked" in _errors(check, buffer.getvalue())[0]


def test_millions_of_cells_end_the_reading(check, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batch_xlsx, "MAX_CELLS", 1000)
    wide = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>x</t></is></c><c r="XFD{0}"/></row>'
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>prompt</t></is></c></row>'
        f"{wide.format(2)}{wide.format(3)}</sheetData></worksheet>"
    )
    content = _rewritten(_book(["prompt"]), "xl/worksheets/sheet1.xml", sheet)
    assert "row 2: the sheet has too many cells, so the rows after it were not read." in _errors(
        check, content
    )


def test_entities_are_not_expanded(check):
    sheet = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>'
    )
    content = _rewritten(_book(["prompt"]), "xl/worksheets/sheet1.xml", sheet)
    assert "this workbook cannot be read" in " ".join(_errors(check, content))


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04", _book(["prompt"])[:300], _rewritten(_book(["prompt"]), "xl/workbook.xml", "<a")],
)
def test_a_broken_workbook_is_a_sentence(check, content: bytes):
    assert "this workbook cannot be read" in " ".join(_errors(check, content))
