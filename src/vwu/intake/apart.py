"""A file that could exhaust or break the process that reads it is checked in a process of its own, within limits.

A batch of files shares one process. Plain workbooks and small texts are bounded by what they unpack to, so they are
checked there; anything else, and what an earlier attempt broke off at, is checked apart.
"""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from vwu.intake.model import Finding, Submission
from vwu.intake.rules import finding
from vwu.intake.submission.check import check_submission
from vwu.intake.submission.workbook import is_spreadsheet

if TYPE_CHECKING:
    from vwu.catalogue import Catalogue

# A form of 100 indicators unpacks to some 300 KB. A text of nothing but commas takes 180 times its size.
_PLAIN_BYTES, _PLAIN_TEXT_BYTES = 4_000_000, 1_000_000
MEMORY, SECONDS = 400_000_000, 10
# By the clock, on a machine that has other things to do.
_PATIENCE = 120.0

Checked = tuple[tuple[Submission, ...], tuple[Finding, ...]]


def check_within_limits(
    name: str, content: bytes, catalogue: Catalogue, today: date, *, is_suspect: bool = False
) -> Checked:
    """`check_submission`, apart where the file asks for it; what passes the limits there is refused as unreadable."""
    if not is_suspect and is_plain(content):
        return check_submission(name, content, catalogue, today)
    sent = pickle.dumps((name, content, catalogue.seeds_dir, today))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "vwu.intake.apart"],
            input=sent, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_PATIENCE, check=True,
        )  # fmt: skip
    except subprocess.SubprocessError:
        vi = f"đọc tệp cần quá {SECONDS} giây hoặc {MEMORY // 1_000_000} MB, hoặc làm hỏng tiến trình đọc"
        en = f"reading it takes over {SECONDS} seconds or {MEMORY // 1_000_000} MB, or breaks the process that reads"
        return (), (finding("FILE_UNREADABLE", position=name, value=name, detail_vi=vi, detail_en=en),)
    checked: Checked = pickle.loads(done.stdout)  # noqa: S301 our own child wrote it
    return checked


def is_plain(content: bytes) -> bool:
    """A small text, or an .xlsx that does not unpack to much; what is no workbook at all is refused at once."""
    if not is_spreadsheet(content):
        return len(content) <= _PLAIN_TEXT_BYTES
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except Exception:  # an .xls, or a damaged archive; zipfile raises a dozen kinds
        return False
    return "xl/workbook.xml" in {each.filename for each in entries} and (
        sum(each.file_size for each in entries) <= _PLAIN_BYTES
    )


def _main() -> None:
    """Standard input to standard output: what to check, pickled by our own parent, and what was found."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from vwu.catalogue import load_catalogue

    name, content, seeds_dir, today = pickle.load(sys.stdin.buffer)  # noqa: S301 our own parent wrote it
    found = check_submission(name, content, load_catalogue(Path(seeds_dir)), today)
    sys.stdout.buffer.write(pickle.dumps(found))


if __name__ == "__main__":
    _main()
