"""The certificate authorities that this computer's system trusts.

They are read and given to OpenSSL beside the program's own, so that a server is verified as any other: during the
handshake, before anything is presented to it. (`truststore` verifies on Windows after a handshake that was not
verified at all, and by a socket of its own; see docs/decisoes/0013.)
"""

from __future__ import annotations

import re
import ssl
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # Alpine, Arch
)
_PEM = re.compile("-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


if sys.platform == "win32":

    def _authorities() -> Iterator[bytes]:
        refused = {certificate for certificate, _, _ in ssl.enum_certificates("Disallowed")}
        for store in ("ROOT", "CA"):
            for certificate, encoding, purposes in ssl.enum_certificates(store):
                serves = purposes is True or (purposes is not False and ssl.Purpose.SERVER_AUTH.oid in purposes)
                if encoding == "x509_asn" and serves and certificate not in refused:
                    yield certificate

else:

    def _authorities() -> Iterator[bytes]:
        told = ssl.get_default_verify_paths()  # SSL_CERT_FILE and SSL_CERT_DIR, or what OpenSSL was built with
        files = [Path(told.cafile)] if told.cafile else []
        if told.capath:
            files += sorted(Path(told.capath).glob("*.[0-9]"))  # authorities of the same name are .0, .1 …
        if not files:
            files = [found for name in _FILES if (found := Path(name)).is_file()][:1]
        for file in files:
            with suppress(FileNotFoundError):  # a link to one that was removed
                for pem in _PEM.findall(file.read_text("ascii", errors="replace")):
                    with suppress(ValueError):
                        yield ssl.PEM_cert_to_DER_cert(pem)


def system_authorities() -> tuple[bytes, ...]:
    """The authorities, as DER, in a fixed order; none when no list of the system is known here. Raises OSError."""
    return tuple(sorted(set(_authorities())))
