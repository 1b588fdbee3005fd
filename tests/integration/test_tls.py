"""Every role reaches a server by TLS where it offers it, and only that server where its certificate is asked for."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from vwu.database import connect
from vwu.settings import Settings, load_settings
from vwu.stack import state
from vwu.stack.account import server_account
from vwu.stack.server import migrate_warehouse, prepare_server

ROLES = ("owner", "loader", "builder", "publisher", "bi_reader")


def self_made(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key as a server takes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    crt, pem = folder / "server.crt", folder / "server.key"
    crt.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    pem.chmod(0o600)
    return crt, pem


@pytest.fixture
def secure(older_server: str, tmp_path: Path) -> tuple[Settings, Path]:
    """A prepared warehouse on a server that has just been given a certificate, and where that is."""
    settings = load_settings({"VWU_HOME": str(tmp_path / "home"), "VWU_DATABASE_URL": older_server})
    with state.lock(settings.home, print):
        state.prepare(settings)
        settings = state.reread(settings)
        prepare_server(settings)
    migrate_warehouse(settings)
    crt, pem = self_made(tmp_path / "tls")
    with psycopg.connect(older_server, autocommit=True) as admin:
        (data,) = admin.execute("show data_directory").fetchone() or ("",)
        for path in (crt, pem):
            copy = Path(data) / path.name
            copy.write_bytes(path.read_bytes())
            copy.chmod(0o600)
            account = server_account()
            if account:
                os.chown(copy, account.uid, account.gid)
        admin.execute("alter system set ssl = on")
        admin.execute("select pg_reload_conf()")
    return settings, crt


def asking(settings: Settings, query: str) -> Settings:
    return replace(settings, external_url=f"{settings.external_url}?{query}")


def is_encrypted(settings: Settings, role: str) -> bool:
    with connect(settings, role) as connection:
        row = connection.execute("select ssl from pg_stat_ssl where pid = pg_backend_pid()").fetchone()
    assert row is not None
    return bool(row[0])


def test_tls_is_used_where_it_is_offered_and_its_certificate_held_against_ours(
    secure: tuple[Settings, Path], tmp_path: Path
) -> None:
    settings, crt = secure
    assert [role for role in ROLES if not is_encrypted(settings, role)] == []
    verified = asking(settings, f"sslmode=verify-full&sslrootcert={crt}")
    assert [role for role in ROLES if not is_encrypted(verified, role)] == []
    stranger, _ = self_made(tmp_path / "stranger")
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        connect(asking(settings, f"sslmode=verify-full&sslrootcert={stranger}"), "bi_reader")


def test_a_server_without_tls_is_refused_where_tls_is_asked_for(server: Settings) -> None:
    """The embedded server listens on loopback alone and has none."""
    url = f"{server.database_url('bi_reader')}?sslmode=require"
    with pytest.raises(psycopg.OperationalError, match="does not support SSL"):
        psycopg.connect(url, connect_timeout=10)
