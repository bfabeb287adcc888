"""The stage over https, as in earnest: two sites, a certificate made for the test, and the tool trusting it.

The LMS is https://localhost:…, the tool https://127.0.0.1:…, which browsers take for another site. Browsers are told to
accept the certificate (`ignore_https_errors=True`); the tool checks it against its setting `ca_file`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.stage import Certificate, Stage, open_stage


def made_certificate(folder: Path, *hosts: str) -> Certificate:
    """Make a certificate of its own authority for localhost, 127.0.0.1 and these hosts, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Class blog tests")])
    now = datetime.now(UTC)
    named = [x509.DNSName(host) for host in ("localhost", *hosts)]
    names = x509.SubjectAlternativeName([*named, x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    made = Certificate(folder / "certificate.pem", folder / "certificate_key.pem")
    made.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    return made


@contextmanager
def open_https_stage(folder: Path, database_url: str, accent: str) -> Iterator[Stage]:
    """Build the stage with both servers over https, on two sites."""
    with open_stage(folder, database_url, accent, "127.0.0.1", made_certificate(folder)) as opened:
        yield opened
