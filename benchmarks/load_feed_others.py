"""The same file through another tool into the same server; `load_feed.py --others` runs this.

    python load_feed_others.py dlt|pandas FILE URL

Both do what their own introductions show, and check nothing: dlt reads the CSV by its `filesystem` source, pandas reads
pieces of 50,000 lines and writes them by `to_sql`. Prints the seconds, without the start of Python and its imports.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

CHUNK = 50_000


def by_dlt(path: Path, url: str) -> None:
    """Extract, normalise and load, as `pipeline.run` does."""
    import dlt
    from dlt.sources.filesystem import filesystem, read_csv

    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "feed", pipelines_dir=folder, dataset_name="by_dlt", destination=dlt.destinations.postgres(url)
        )
        files = filesystem(bucket_url=path.parent.as_uri(), file_glob=path.name)
        lines = (files | read_csv(chunksize=CHUNK)).with_name("loan")
        pipeline.run(lines, write_disposition="replace").raise_on_failed_jobs()


def by_pandas(path: Path, url: str) -> None:
    """Piece by piece, many rows a statement: what `to_sql` does without being told otherwise takes longer."""
    import pandas
    from sqlalchemy import create_engine

    engine = create_engine(url)
    with engine.begin() as connection:
        for number, lines in enumerate(pandas.read_csv(path, chunksize=CHUNK)):
            lines.to_sql(
                "by_pandas", connection, schema="raw", index=False, if_exists="append" if number else "replace"
            )


if __name__ == "__main__":
    tool, file, address = sys.argv[1:]
    work = {"dlt": by_dlt, "pandas": by_pandas}[tool]
    started = time.perf_counter()
    work(Path(file), address)
    print(time.perf_counter() - started)
