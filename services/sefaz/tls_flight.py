"""Reads what a TLS 1.2 server says in the clear, before the encryption begins (RFC 5246 §6.2 and §7.4).

Its certificates, the kind of key exchange and the authorities whose client certificates it takes are all said there,
also when the handshake then fails; Python's ssl tells of them only when it ends well, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

MAX_BYTES = 1 << 18
"""More than any server says in the clear: a chain is some 8 KB, a list of a thousand authorities 100 KB."""

_FATAL, _CLOSE_NOTIFY = 2, 0  # RFC 5246 §7.2
_NAMED_CURVE = 3  # RFC 8422 §5.4
_CURVES = {
    21: "P-224",
    23: "P-256",
    24: "P-384",
    25: "P-521",
    26: "brainpoolP256r1",
    27: "brainpoolP384r1",
    28: "brainpoolP512r1",
    29: "X25519",
    30: "X448",
}


class _Record(IntEnum):
    CHANGE_CIPHER_SPEC = 20
    ALERT = 21
    HANDSHAKE = 22


class _Message(IntEnum):
    SERVER_HELLO = 2
    CERTIFICATE = 11
    SERVER_KEY_EXCHANGE = 12
    CERTIFICATE_REQUEST = 13
    SERVER_HELLO_DONE = 14


_VERSIONS = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2"}


class _Short(Exception):
    """A length reaches beyond the end."""


@dataclass
class ServerFlight:
    """What the server said so far. `chain` and `accepted` are DER: certificates as sent, and distinguished names.

    `suite` is the number of the cipher suite (IANA), 0 before it is told; `key_exchange` the parameters of the
    exchange undecoded. What is not TLS 1.2 ends it; what was read before stays.
    """

    version: str = ""
    suite: int = 0
    chain: tuple[bytes, ...] = ()
    key_exchange: bytes = field(default=b"", repr=False)
    asks_certificate: bool = False
    accepted: tuple[bytes, ...] = ()
    ended: bool = False
    """Whether nothing more is to be read: the server waits for the client, gave up, or does not speak TLS 1.2."""

    _received: int = 0
    _records: bytearray = field(default_factory=bytearray, repr=False)
    _messages: bytearray = field(default_factory=bytearray, repr=False)

    def feed(self, data: bytes) -> None:
        """Take in the next bytes from the server. Never raises; what comes after the end is left unread."""
        if self.ended:
            return
        self._received += len(data)
        self._records += data
        try:
            while not self.ended and self._take_record():
                pass
        except _Short:
            self.ended = True
        if self._received > MAX_BYTES:
            self.ended = True

    def dh_bits(self) -> int:
        """The size of the Diffie-Hellman group, for a suite of finite fields (DHE); 0 when it was not told."""
        try:
            prime, _ = _vector(self.key_exchange, 0, 2)
        except _Short:
            return 0
        return int.from_bytes(prime, "big").bit_length()

    def curve(self) -> str:
        """The name of the curve, for a suite of elliptic curves (ECDHE); "" when it was not told."""
        said = self.key_exchange
        if len(said) < 3 or said[0] != _NAMED_CURVE:
            return ""
        number = int.from_bytes(said[1:3], "big")
        return _CURVES.get(number, f"curva {number}")

    def _take_record(self) -> bool:
        """Take one whole record out of what came; False when there is none yet."""
        head = self._records[:5]
        if len(head) < 5:
            # Not even the beginning of a record, as when the port speaks something else.
            if head and head[0] not in _KINDS:
                self.ended = True
            return False
        kind, length = head[0], int.from_bytes(head[3:5], "big")
        if kind not in _KINDS or head[1] != 3 or length > 1 << 14:
            self.ended = True
            return False
        if len(self._records) < 5 + length:
            return False
        body = bytes(self._records[5 : 5 + length])
        del self._records[: 5 + length]
        match kind:
            case _Record.HANDSHAKE:
                self._messages += body
                while not self.ended and self._take_message():
                    pass
            case _Record.ALERT:
                self._take_alert(body)
            case _Record.CHANGE_CIPHER_SPEC:
                self.ended = True
        return True

    def _take_alert(self, body: bytes) -> None:
        if len(body) != 2:
            self.ended = True
            return
        level, number = body
        if level == _FATAL or number == _CLOSE_NOTIFY:
            self.ended = True

    def _take_message(self) -> bool:
        """Take one whole message of the handshake, which may span records; False when there is none yet."""
        if len(self._messages) < 4:
            return False
        length = int.from_bytes(self._messages[1:4], "big")
        if len(self._messages) < 4 + length:
            return False
        kind, body = self._messages[0], bytes(self._messages[4 : 4 + length])
        del self._messages[: 4 + length]
        match kind:
            case _Message.SERVER_HELLO:
                self._take_hello(body)
            case _Message.CERTIFICATE:
                self.chain = _vectors(_whole(body, 3), 3)
            case _Message.SERVER_KEY_EXCHANGE:
                self.key_exchange = body
            case _Message.CERTIFICATE_REQUEST:
                self._take_request(body)
            case _Message.SERVER_HELLO_DONE:
                self.ended = True
        return True

    def _take_hello(self, body: bytes) -> None:
        # server_version, random, session_id<0..32>, cipher_suite, compression_method, extensions
        if len(body) < 35:
            raise _Short
        number = int.from_bytes(body[:2], "big")
        self.version = _VERSIONS.get(number, f"versão {number:#06x}")
        _, after = _vector(body, 34, 1)
        if len(body) < after + 3:
            raise _Short
        self.suite = int.from_bytes(body[after : after + 2], "big")

    def _take_request(self, body: bytes) -> None:
        # certificate_types<1..2^8-1>, supported_signature_algorithms<2^16-1>, certificate_authorities<0..2^16-1>
        self.asks_certificate = True
        _, after_types = _vector(body, 0, 1)
        _, after_algorithms = _vector(body, after_types, 2)
        authorities, _ = _vector(body, after_algorithms, 2)
        self.accepted = _vectors(authorities, 2)


_KINDS = frozenset(_Record)


def _vector(data: bytes, start: int, size: int) -> tuple[bytes, int]:
    """The vector at `start`, whose length takes `size` bytes, and where it ends."""
    begin = start + size
    end = begin + int.from_bytes(data[start:begin], "big")
    if begin > len(data) or end > len(data):
        raise _Short
    return data[begin:end], end


def _whole(data: bytes, size: int) -> bytes:
    return _vector(data, 0, size)[0]


def _vectors(data: bytes, size: int) -> tuple[bytes, ...]:
    """The vectors of which `data` is made, one after the other."""
    found = []
    place = 0
    while place < len(data):
        one, place = _vector(data, place, size)
        found.append(one)
    return tuple(found)
