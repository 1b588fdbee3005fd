"""A landing zone and a content store in S3: a real client against a server that speaks S3's protocol."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from fsspec.core import url_to_fs
from moto.server import ThreadedMotoServer

from vwu.example_credit import feed_files
from vwu.intake import store
from vwu.intake.arrivals import BANK_FEEDS, BRANCH_SUBMISSIONS, list_arrivals
from vwu.intake.model import Outcome
from vwu.intake.receive import receive_files
from vwu.settings import Settings

CSV = (
    "form,form_version,branch_code,period_code,programme_code,indicator_code,scenario,basis,value,unit,note\n"
    "BM01,1,{},2024-01,DA939,WOMEN_STARTUP_SUPPORTED,actual,in_period,{},PERSON,\n"
)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The file system of an S3 that is empty but for two buckets."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    urlopen(Request(f"http://127.0.0.1:{port}/moto-api/reset", method="POST")).close()  # what an earlier test left
    for name, value in (
        ("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}"), ("AWS_ACCESS_KEY_ID", "test"), ("NO_PROXY", "127.0.0.1"),
        ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_DEFAULT_REGION", "us-east-1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    file_system, _ = url_to_fs("s3://landing")
    type(file_system).clear_instance_cache()  # a client of an earlier test knows another server
    file_system, _ = url_to_fs("s3://landing")
    for name in ("landing", "kept"):
        file_system.mkdir(name)
    yield file_system
    server.stop()


def received(settings: Settings, zone: str) -> list[tuple[str, str]]:
    """What became of each file that lies in the zone and was not received before."""
    outcomes = list(receive_files(settings, list_arrivals(settings, zone, settle_seconds=0.0)))
    assert all(isinstance(each, Outcome) for each in outcomes), outcomes
    return [(each.file, str(each.state)) for each in outcomes if isinstance(each, Outcome)]


def test_files_are_received_from_s3_and_kept_there(database: Settings, bucket: Any) -> None:
    settings = replace(database, landing="s3://landing/zone", store="s3://kept/store")
    zone = f"landing/zone/{BRANCH_SUBMISSIONS}"
    sent = {"tháng 1/Báo cáo P22.csv": CSV.format("P22", 5), "é" * 300 + ".csv": CSV.format("P19", 6)}
    for name, text in sent.items():
        bucket.pipe(f"{zone}/{name}", text.encode())
    assert sorted(state for _, state in received(settings, BRANCH_SUBMISSIONS)) == ["landed", "landed"]
    assert received(settings, BRANCH_SUBMISSIONS) == []
    # Written again, in the same second and of the same size, it is another arrival.
    again = CSV.format("P22", 7).encode()
    bucket.pipe(f"{zone}/tháng 1/Báo cáo P22.csv", again)
    assert received(settings, BRANCH_SUBMISSIONS) == [("Báo cáo P22.csv", "landed")]
    kept = Path(settings.home, "again.csv")
    kept.write_bytes(again)
    assert store.read(settings.store, store.sha256_of(kept), settings.key("store")) == again


def test_a_feed_and_its_control_record_come_from_s3_and_are_kept_encrypted(database: Settings, bucket: Any) -> None:
    settings = replace(database, landing="s3://landing/zone", store="s3://kept/store")
    feeds = {name: content for name, content in feed_files().items() if "tháng 01-2024" in name}
    for name, content in feeds.items():
        bucket.pipe(f"landing/zone/{BANK_FEEDS}/{name}", content)
    states = dict(received(settings, BANK_FEEDS))
    assert states == {name: "landed" for name in feeds if not name.endswith(".json")}
    kept = bucket.find("kept/store")
    assert len(kept) == len(states)
    assert all(name.endswith(".enc") for name in kept)
    assert not any(b"full_name" in bucket.cat(name) for name in kept)
