"""Ed25519 signatures (RFC 8032) of the exact bytes of a manifest, kept as Base64 text."""

from __future__ import annotations

import base64


class BadSignature(Exception):
    """The bytes were not signed with the private half of that key, or what came is no signature."""


def verify(data: bytes, signature: bytes, key: str) -> None:
    """Return when `signature` (Base64, blanks at its ends allowed) is that of `data` by `key` (Base64).

    Raises BadSignature.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(base64.b64decode(signature.strip(), validate=True), data)
    except (InvalidSignature, ValueError) as error:  # ValueError: not Base64, or not of the length of a key
        raise BadSignature from error
