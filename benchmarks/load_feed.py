"""SCALE P1: a loan feed received, checked in full, tokenised and landed, against a bare COPY of the same file.

    .venv/bin/python benchmarks/load_feed.py --lines 1000000 --months 3

makes a server of its own and a feed for each month (month 1: every person is new and there is nothing before; later
months: persons are known and every loan is held against the month before), loads each file by a bare COPY into an
existing typed table and by `receive`, one after the other, and prints the ratios. Both sides are warm: the file is in
the page cache. Peak memory is that of the process that receives (P1m).

With `--others` the first month's file goes through dlt and pandas too (`load_feed_others.py`), which are installed,
pinned, into an environment that is thrown away; they take minutes at a million lines.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

import duckdb
from throwaway import warehouse

from vwu.catalogue import load_catalogue
from vwu.database import connect
from vwu.intake.feed.columns import LAYOUTS, Form
from vwu.intake.feed.control import SUMS
from vwu.intake.model import Kind
from vwu.settings import Settings, load_settings

GOAL = 2.0  # times a bare COPY
OTHERS = Path(__file__).with_name("load_feed_others.py")
PINNED = (
    "dlt[postgres]==1.31.0", "pandas==3.1.1", "sqlalchemy==2.1.9", "psycopg2-binary==2.9.13", "psycopg[binary]==3.3.9",
    "pyarrow==26.0.1",
)  # fmt: skip
TYPES = {
    Form.AMOUNT: "bigint",
    Form.SIGNED_AMOUNT: "bigint",
    Form.COUNT: "integer",
    Form.DATE: "date",
    Form.RATE: "numeric",
}
# Each receipt runs in a process of its own. Its peak is read from its own memory map: ru_maxrss would inherit ours.
RECEIVE = """
import json, pathlib, re, sys, time
from vwu.settings import load_settings
started = time.perf_counter()
from vwu.intake.receive import receive
outcome = receive(load_settings(), sys.argv[1])
peak = re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())
print(json.dumps({"state": outcome.state, "findings": [each.rule_id for each in outcome.findings],
    "seconds": time.perf_counter() - started, "cpu": time.process_time(), "peak_mb": int(peak[1]) / 1024}))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--months", type=int, default=3)
    parser.add_argument("--others", action="store_true", help="dlt and pandas too, installed for the while of it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vwu-benchmark-") as folder, warehouse(Path(folder)) as settings:
        _say_machine(settings, arguments.lines)
        others = _install_others(Path(folder)) if arguments.others else None
        worst = max(
            _month(settings, Path(folder), arguments.lines, month, None if month else others)
            for month in range(arguments.months)
        )
    print(f"worst ratio {worst:.2f}; goal {GOAL}")
    return int(worst > GOAL)


def _say_machine(settings: Settings, lines: int) -> None:
    with connect(settings, "loader") as connection:
        server = connection.info.parameter_status("server_version")
    print(
        f"{lines:,} lines; {os.cpu_count()} cores, {platform.machine()}; PostgreSQL {server},"
        f" duckdb {version('duckdb')}, psycopg {version('psycopg')}, Python {platform.python_version()};"
        f" load average {os.getloadavg()[0]:.1f}"
    )


def _install_others(folder: Path) -> Path:
    """An interpreter that has dlt and pandas; the folder is thrown away."""
    environment = folder / "others"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *PINNED], check=True)
    return python


def _month(settings: Settings, folder: Path, lines: int, month: int, others: Path | None) -> float:
    path = _write_feed(folder, lines, month)
    bare = _bare_copy(settings, path)
    ours = _receive(settings, path)
    again = _bare_copy(settings, path)
    if ours["state"] != "landed" or ours["findings"]:
        raise SystemExit(f"the feed was not clean: {ours}")
    copy = min(bare, again)
    ratio = ours["seconds"] / copy
    print(
        f"month {month + 1}: bare COPY {bare:.2f} and {again:.2f} s;"
        f" received, checked and landed {ours['seconds']:.2f} s"
        f" ({ours['cpu']:.2f} s of processor time beside the server, peak {ours['peak_mb']:.0f} MB); ratio {ratio:.2f}"
    )
    for tool in ("dlt", "pandas") if others else ():
        command = [others, OTHERS, tool, path, settings.database_url("owner")]
        seconds = float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1])
        print(
            f"month {month + 1}: {tool} {seconds:.2f} s, which checks nothing; ratio {seconds / copy:.2f}", flush=True
        )
    path.unlink()
    return ratio


def _bare_copy(settings: Settings, path: Path) -> float:
    """Seconds of a COPY through psycopg into an existing table with the feed's own types, committed."""
    columns = ", ".join(f"{column.name} {TYPES.get(column.form, 'text')}" for column in LAYOUTS[Kind.LOAN])
    with connect(settings, "owner") as connection:
        connection.execute("drop table if exists raw.bare")
        connection.execute(f"create table raw.bare ({columns})")
        connection.commit()
        started = time.perf_counter()
        with (
            path.open("rb") as source,
            connection.cursor().copy("copy raw.bare from stdin (format csv, header)") as copy,
        ):
            while chunk := source.read(1 << 18):
                copy.write(chunk)
        connection.commit()
        seconds = time.perf_counter() - started
        connection.execute("drop table raw.bare")
    return seconds


def _receive(settings: Settings, path: Path) -> dict[str, object]:
    environment = os.environ | {"VWU_HOME": str(settings.home)}
    result = subprocess.run(
        [sys.executable, "-c", RECEIVE, str(path)], env=environment, check=True, stdout=subprocess.PIPE
    )
    return json.loads(result.stdout)


def _write_feed(folder: Path, lines: int, month: int) -> Path:
    """A clean feed of month ends from January 2024 on; ten loans in nine are of a customer's own."""
    as_of = _month_end(month)
    codes = sorted(load_catalogue(load_settings().root / "seeds").commune_codes("GSO-2024"))
    path = folder / f"loan_{as_of}.csv"
    engine = duckdb.connect()
    engine.execute("create table commune as select unnest(?::varchar[]) as code", [codes])
    engine.execute("alter table commune add column place integer")
    engine.execute("update commune set place = rowid")
    engine.execute(f"create table line as {_lines_sql(lines, month, as_of, len(codes))}")
    engine.execute(f"copy (select * exclude (i) from line order by i) to '{path}' (format csv, header)")
    sums = engine.execute(
        f"""select {", ".join(f"sum({name})::bigint" for name in SUMS)}, sum(opening_balance)::bigint,
            count(distinct customer_id), count(distinct group_id) from line"""
    ).fetchone()
    assert sums is not None
    content = path.read_bytes()
    control = {
        "bank_code": "VBSP", "kind": "loan", "as_of_date": str(as_of), "sequence": 1, "file_name": path.name,
        "sha256": hashlib.sha256(content).hexdigest(), "row_count": lines,
        **{f"sum_{name}": total for name, total in zip(SUMS, sums, strict=False)},
        "distinct_customers": sums[-2], "distinct_groups": sums[-1],
        "previous_sum_closing_balance": sums[-3] if month else None, "created_at": f"{as_of}T23:00:00+07:00",
    }  # fmt: skip
    path.with_name(path.name + ".control.json").write_text(json.dumps(control))
    return path


def _month_end(month: int) -> date:
    first = date(2024 + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return first - timedelta(days=1)


def _lines_sql(lines: int, month: int, as_of: date, communes: int) -> str:
    """SQL of the lines: each loan takes 200,000 and repays 100,000 a month, some are overdue."""
    groups = max(lines // 38, 1)
    return f"""
        with loan as (
            select i, i * 9 // 10 as person, (i * 7919) % {groups} as team, hash(i) as noise
            from range({lines}) as number (i)
        )
        select
            i, 'VBSP' as bank_code, 'VBSP-' || lpad((team % 63)::varchar, 2, '0') as bank_branch_code,
            '{as_of}' as as_of_date, '6600' || lpad(i::varchar, 10, '0') as loan_id,
            lpad(person::varchar, 10, '0') as customer_id,
            '0221' || lpad(person::varchar, 8, '0') as citizen_id,
            ['Nguyễn Thị ', 'Trần Thị ', 'Lê Thị ', 'Hoàng Ngọc '][person % 4 + 1] || 'Hồng ' || (person % 977)
                as full_name,
            (date '1960-01-01' + (person % 15000)::integer)::varchar as birth_date, 'F' as sex,
            commune.code as commune_code, 'GSO-2024' as commune_code_system,
            'TO' || lpad(team::varchar, 7, '0') as group_id, 'PN' as organisation, 'HN' as credit_programme,
            100000000 as approved_amount, (date '2021-01-01' + (noise % 1000)::integer)::varchar as disbursed_on,
            (date '2026-01-01' + (noise % 1000)::integer)::varchar as maturity_on, '6.6' as annual_rate_pct,
            (noise % 90 + 1) * 1000000 + {month} * 100000 as opening_balance, 200000 as lent, 100000 as collected,
            0 as written_off, 0 as transferred,
            (noise % 90 + 1) * 1000000 + {month + 1} * 100000 as closing_balance,
            case when noise % 200 = 0 then 1000000 else 0 end as overdue, 0 as frozen,
            case when noise % 200 = 0 then 45 else 0 end as overdue_days, noise % 500000 as interest_due,
            noise % 400000 as interest_collected, noise % 3000000 as savings_balance, 'active' as status
        from loan inner join commune on commune.place = team % {communes}"""


if __name__ == "__main__":
    raise SystemExit(main())
