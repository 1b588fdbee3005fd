"""Hostile and random files by number, the same everywhere; and a process that receives them and says at what cost.

Run as a program it reads Settings (pickled) and a path a line from standard input, and answers a line of JSON each.
"""

from __future__ import annotations

import io
import json
import pickle
import random
import re
import resource
import sys
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from vwu.catalogue import load_catalogue
from vwu.intake.model import Outcome
from vwu.intake.receive import receive_files
from vwu.intake.submission.marked import mark_workbook
from vwu.intake.submission.template import FormValue, form_lines, write_template

SAVED = Path(__file__).parents[1] / "unit" / "intake" / "submission" / "libreoffice"
SEEDS = Path(__file__).parents[2] / "seeds"
HEADER = "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note\n"
LINE = "BM01,1,P22,2024-01,DA939,WOMEN_STARTUP_SUPPORTED,actual,in_period,{},PERSON,{}\n"
ZIP_MAGIC, OLE_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENDINGS = (".xlsx", ".xls", ".ods", ".csv", ".xlsm", ".txt", ".docx", ".pdf", "", ".XLSX", ".csv.xlsx")
NAMES = (
    "Báo cáo tháng", "=cmd|' C'!A0", "-rf", "@SUM(1)", "..%2f..%2fetc", "дом", "報告", "تقرير", "a" * 235, "‮cod.",
    "two  spaces", "quote'\"", "semi;colon", "$(id)", "{name}", "%s%n", "tab\there", "line\nend", "​zero", "CON",
)  # fmt: skip
# What programs trip over, for a cell, an attribute or a field.
NASTY = (
    "", " ", "-", "--", "0", "-1", "1e308", "9" * 30, "1" * 5000, "NaN", "inf", "1/2", "6/8", "1.2.3", "1,2,3", "٣٤",
    "½", "²", "１２３", "=1+1", "@A1", "+1", "1048577", "XFD1048576", "A0", "ZZZZ9", "A99999999999", "-2147483648",
    "4294967295", "18446744073709551616", "&#0;", "&#x110000;", "&b;", "]]>", "<", "\x0b", "￾", "é́" * 50,
    "tỷ", "2,3 tỷ tỷ", "trên dưới 5", "%" * 50, "(" * 100, "746/625/1", "a" * 40_000,
)  # fmt: skip


def hostile_file(number: int) -> tuple[str, bytes]:
    """The name and the bytes of one file."""
    chance = random.Random(number)
    kind = KINDS[number % len(KINDS)]
    name = f"{number:04d} {chance.choice(NAMES)}{chance.choice(ENDINGS)}"
    return name, kind(chance)


# Damage


@cache
def _sample(name: str) -> bytes:
    """What LibreOffice saved, with faults in it; or a form that lands as it is."""
    if name != "sound.xlsx":
        return (SAVED / name).read_bytes()
    return _filled("P22", "2024-01")


def _filled(branch_code: str, period_code: str) -> bytes:
    """The form with a figure in each line."""
    catalogue = load_catalogue(SEEDS)
    values = []
    for line in form_lines(catalogue, branch_code, period_code):
        basis = catalogue.indicators[line.indicator_code].bases[0]
        figure = 1000 if line.is_whole else "85,5%"
        values.append(FormValue(line.programme_code, line.indicator_code, "actual", basis, figure))
    return write_template(catalogue, branch_code, period_code, values)


def sheet_for_each_commune(province: str, period_code: str) -> tuple[bytes, list[str]]:
    """One workbook with a filled form of each commune of a province, and their codes."""
    catalogue = load_catalogue(SEEDS)
    period = catalogue.period(period_code)
    assert period is not None
    communes = [each for each in catalogue.branches_of("commune", period.end_date) if each.branch_code[:3] == province]
    parts = {each: content.decode() for each, content in _unzipped(_filled(communes[0].branch_code, period_code))}
    form, tag = parts.pop("xl/worksheets/sheet1.xml"), re.findall("<sheet [^>]*/>", parts["xl/workbook.xml"])[0]
    relation = re.findall('<Relationship [^>]*worksheets/sheet1[.]xml"[^>]*/>', parts["xl/_rels/workbook.xml.rels"])[0]
    override = re.findall('<Override [^>]*worksheets/sheet1[.]xml"[^>]*/>', parts["[Content_Types].xml"])[0]
    tags, relations, overrides = [], [], []
    for number, branch in enumerate(communes, start=1):
        id_ = f"commune{number}"
        tags.append(re.sub(' (name|sheetId|r:id)="[^"]*"', "", tag)[:-2] + f' name="{branch.branch_code}"'
                    f' sheetId="{number}" r:id="{id_}"/>')  # fmt: skip
        relations.append(re.sub(' Id="[^"]*"', f' Id="{id_}"', relation).replace("sheet1.xml", f"sheet{number}.xml"))
        overrides.append(override.replace("sheet1.xml", f"sheet{number}.xml"))
        parts[f"xl/worksheets/sheet{number}.xml"] = form.replace(communes[0].branch_code, branch.branch_code).replace(
            communes[0].name_vi, branch.name_vi
        )
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(tag, "".join(tags))
    rels = "xl/_rels/workbook.xml.rels"
    parts[rels] = parts[rels].replace(relation, "".join(relations))
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(override, "".join(overrides))
    return _zipped({name: text.encode() for name, text in parts.items()}), [each.branch_code for each in communes]


def _saved(chance: random.Random) -> bytes:
    return _sample(chance.choice(("saved.xlsx", "saved.ods", "saved.xls", "sound.xlsx")))


def _flipped(chance: random.Random) -> bytes:
    content = bytearray(_saved(chance))
    for _ in range(chance.choice((1, 3, 10, 100))):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)


def _promising(chance: random.Random) -> bytes:
    """Counts, sizes and offsets of the old binary format (or of the zip's directory) that promise far too much."""
    content = bytearray(_sample(chance.choice(("saved.xls", "saved.xls", "saved.xlsx"))))
    for _ in range(chance.choice((1, 2, 5))):
        at = chance.randrange(0, len(content) - 4, chance.choice((1, 2, 4)))
        content[at : at + 4] = chance.choice(
            (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x00", b"\xf0\xff\xff\xff")
        )
    return bytes(content)


def _cut(chance: random.Random) -> bytes:
    content = _saved(chance)
    return content[: chance.randrange(len(content))]


def _mixed(chance: random.Random) -> bytes:
    """Pieces of two files."""
    first, second = _saved(chance), _saved(chance)
    at = chance.randrange(len(first))
    return first[:at] + second[chance.randrange(len(second)) :] + first[at:]


def _random(chance: random.Random) -> bytes:
    return chance.choice((b"", ZIP_MAGIC, OLE_MAGIC, b"%PDF-1.7", b"\xff\xfe", b"\xef\xbb\xbf")) + chance.randbytes(
        chance.choice((0, 1, 10, 1000, 100_000))
    )


@cache
def _parts(name: str) -> Mapping[str, bytes]:
    return MappingProxyType(dict(_unzipped(_sample(name))))


def _unzipped(content: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(each, archive.read(each)) for each in archive.namelist()]


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _changed(chance: random.Random, change: Callable[[bytes], bytes]) -> bytes:
    """A sound package with one of its XML parts changed."""
    parts = dict(_parts(chance.choice(("saved.xlsx", "sound.xlsx", "sound.xlsx", "saved.ods"))))
    name = chance.choice([each for each in parts if each.endswith((".xml", ".rels"))])
    return _zipped(parts | {name: change(parts[name])})


def _attributes(chance: random.Random) -> bytes:
    """Some attributes say something else."""

    def change(part: bytes) -> bytes:
        places = [match.span(1) for match in re.finditer(rb'="([^"]*)"', part)]
        for start, end in sorted(chance.sample(places, min(len(places), chance.choice((1, 3, 20)))), reverse=True):
            part = part[:start] + chance.choice(NASTY).encode() + part[end:]
        return part

    return _changed(chance, change)


def _texts(chance: random.Random) -> bytes:
    """Some texts and numbers say something else."""

    def change(part: bytes) -> bytes:
        places = [match.span(1) for match in re.finditer(rb">([^<]+)<", part)]
        for start, end in sorted(chance.sample(places, min(len(places), chance.choice((1, 3, 20)))), reverse=True):
            part = part[:start] + chance.choice(NASTY).encode() + part[end:]
        return part

    return _changed(chance, change)


def _tags(chance: random.Random) -> bytes:
    """Elements are lost, doubled or moved."""

    def change(part: bytes) -> bytes:
        tags = re.split(rb"(?=<)", part)
        for _ in range(chance.choice((1, 2, 10))):
            at = chance.randrange(len(tags))
            tags[at : at + 1] = chance.choice(([], [tags[at]] * 2, [chance.choice(tags)], [tags[at]] * 500))
        return b"".join(tags)

    return _changed(chance, change)


def _repeated(chance: random.Random) -> bytes:
    """Rows and cells that are repeated, or stand far away."""
    if chance.random() < 0.5:
        parts = dict(_parts("saved.ods"))
        word = chance.choice((b"table:number-rows-repeated", b"table:number-columns-repeated"))
        count = chance.choice((b"255", b"16384", b"1048576", b"4294967295", b"999999999999"))
        tag = chance.choice((b"<table:table-row ", b"<table:table-cell ", b"<table:covered-table-cell "))
        return _zipped(parts | {"content.xml": parts["content.xml"].replace(tag, tag + word + b'="' + count + b'" ')})
    parts = dict(_parts("saved.xlsx"))
    name = "xl/worksheets/sheet1.xml"
    places = re.findall(rb' r="([A-Z]+[0-9]+)"', parts[name])
    far = chance.choice((b"XFD1", b"A1048576", b"XFD1048576", b"IV5000", b"IW5001", b"ZZ99"))
    return _zipped(parts | {name: parts[name].replace(chance.choice(places), far, 1)})


# Whole files made to harm


def _bomb(chance: random.Random) -> bytes:
    parts = dict(_parts(chance.choice(("saved.xlsx", "saved.ods"))))
    name = chance.choice(list(parts))
    size = chance.choice((3_900_000, 20_000_000, 29_000_000, 100_000_000))
    return _zipped(parts | {name: parts[name] + bytes([chance.choice(b" a<\x00")]) * size})


def _deep(chance: random.Random) -> bytes:
    depth = chance.choice((1_000, 100_000, 900_000))
    return _changed(chance, lambda part: part + b"<a>" * depth + b"</a>" * depth)


def _entities(chance: random.Random) -> bytes:
    laugh = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = chance.choice(
        ('<!DOCTYPE a [<!ENTITY l0 "ha">' + laugh + "]>", '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">',
         '<!DOCTYPE a [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>')
    ).encode()  # fmt: skip
    return _changed(chance, lambda part: part.replace(b"?>", b"?>" + doctype, 1).replace(b"</", b"&l9;</", 1))


def _many_sheets(chance: random.Random) -> bytes:
    """As many sheets as the file says, all of them the same part, or none."""
    parts = dict(_parts("saved.xlsx"))
    sheet = re.search(rb"<sheet [^>]*/>", parts["xl/workbook.xml"])
    assert sheet is not None
    count = chance.choice((2, 50, 299, 5_000))
    sheets = b"".join(re.sub(rb'name="[^"]*"', b'name="S%d"' % number, sheet[0]) for number in range(count))
    return _zipped(parts | {"xl/workbook.xml": parts["xl/workbook.xml"].replace(sheet[0], sheets)})


def _many_rows(chance: random.Random) -> bytes:
    parts = dict(_parts("saved.xlsx"))
    rows, columns = chance.choice(((4_900, 250), (60_000, 3), (20, 10_000), (5_000, 11)))
    letters = [_letters(column) for column in range(columns)]
    cell = chance.choice(('<c r="{}{}"><v>1</v></c>', '<c r="{}{}" t="inlineStr"><is><t>tỷ</t></is></c>'))
    made = "".join(
        f'<row r="{row}">' + "".join(cell.format(letter, row) for letter in letters) + "</row>"
        for row in range(30, 30 + rows)
    )
    name = "xl/worksheets/sheet1.xml"
    return _zipped(parts | {name: parts[name].replace(b"</sheetData>", made.encode() + b"</sheetData>")})


def _letters(column: int) -> str:
    found = ""
    while column >= 0:
        found, column = chr(65 + column % 26) + found, column // 26 - 1
    return found


def _odd_parts(chance: random.Random) -> bytes:
    parts = dict(_parts(chance.choice(("saved.xlsx", "saved.ods"))))
    odd = chance.choice(
        ("../../../../etc/cron.d/x", "/etc/passwd", "xl/vbaProject.bin", "xl/embeddings/oleObject1.bin", "a" * 60_000,
         "xl\\worksheets\\sheet1.xml", "xl/externalLinks/externalLink1.xml", "EncryptionInfo", "\u202exml.1teehs")
    )  # fmt: skip
    parts[odd] = b"x"
    if chance.random() < 0.3:
        del parts[chance.choice(list(parts))]
    return _zipped(parts)


def _text_lines(chance: random.Random) -> bytes:
    """A long CSV with fields that hurt."""
    lines = [LINE.format(_field(chance), _field(chance)) for _ in range(chance.choice((1, 5, 200)))]
    text = chance.choice((HEADER, HEADER.replace(",", ";"), HEADER.upper(), "")) + "".join(lines)
    encoding = chance.choice(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1258", "latin-1", "utf-7", "utf-32"))
    content = bytearray(text.encode(encoding, "replace"))
    for _ in range(chance.choice((0, 0, 5))):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)


def _field(chance: random.Random) -> str:
    return chance.choice((*NASTY, '"', '""', "\n", ",", "\x00", "2.238", "-", "x")).replace("\n", " ")


def _much_text(chance: random.Random) -> bytes:
    count = chance.choice((19_000, 100_000))
    return chance.choice(
        (HEADER + LINE.format(5, "") * count, HEADER + "a" * 15_000_000, HEADER + "," * 3_000_000, "\n" * 9_000_000,
         HEADER + '"' * 3_000_001, HEADER + LINE.format("§Çm Hµ", "Th¸i Nguyªn") * 10_000,
         HEADER + "".join(LINE.format(5, "").replace("P22", f"P22-{each:05d}") for each in range(19_000)))
    ).encode()  # fmt: skip


KINDS: tuple[Callable[[random.Random], bytes], ...] = (
    _flipped, _promising, _cut, _mixed, _random, _attributes, _texts, _tags, _repeated, _text_lines, _attributes,
    _texts, _flipped, _promising, _text_lines, _bomb, _deep, _entities, _many_sheets, _odd_parts, _many_rows,
    _much_text,
)  # fmt: skip


# What each costs


def main() -> None:
    settings = pickle.load(sys.stdin.buffer)
    for line in sys.stdin.buffer:
        path = pickle.loads(bytes.fromhex(line.decode().strip()))
        _forget_peak()
        before = _processor_time()
        (outcome,) = receive_files(settings, [path])
        said = _said(outcome, Path(path)) | {"seconds": _processor_time() - before, "megabytes": _peak()}
        print(json.dumps(said), flush=True)


def _said(outcome: Outcome | Exception, path: Path) -> dict[str, object]:
    if isinstance(outcome, Exception):
        return {"state": "crashed", "rules": [f"{type(outcome).__name__}: {outcome}"], "marked": 0}
    marked = mark_workbook(path.read_bytes(), outcome.findings) if outcome.kind == "submission" else b""
    rules = sorted({each.rule_id for each in outcome.findings})
    return {"state": str(outcome.state), "rules": rules, "marked": len(marked)}


def _processor_time() -> float:
    """Of this process and of the children that it waited for: what else the machine does says nothing of the file."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """Of this process since `_forget_peak`; children have their own limit."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1000


if __name__ == "__main__":
    main()
