"""What a TLS server says in the clear: read exactly, and never a crash or a loop whatever comes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.sefaz.tls_flight import MAX_BYTES, ServerFlight

HELLO, CERTIFICATE, KEY_EXCHANGE, REQUEST, DONE = 2, 11, 12, 13, 14


def record(body: bytes, kind: int = 22) -> bytes:
    return bytes((kind, 3, 3)) + len(body).to_bytes(2, "big") + body


def message(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(3, "big") + body


def vector(data: bytes, size: int) -> bytes:
    return len(data).to_bytes(size, "big") + data


def hello(suite: int, session: bytes = b"") -> bytes:
    return message(HELLO, b"\3\3" + bytes(32) + vector(session, 1) + suite.to_bytes(2, "big") + b"\0")


def chain(*certificates: bytes) -> bytes:
    return message(CERTIFICATE, vector(b"".join(vector(one, 3) for one in certificates), 3))


def request(*names: bytes) -> bytes:
    authorities = b"".join(vector(name, 2) for name in names)
    return message(REQUEST, vector(b"\1", 1) + vector(b"\4\1", 2) + vector(authorities, 2))


def dhe(bits: int) -> bytes:
    prime = (1 << (bits - 1) | 1).to_bytes((bits + 7) // 8, "big")
    return message(KEY_EXCHANGE, vector(prime, 2) + vector(b"\2", 2) + vector(prime, 2) + b"signature")


def read(data: bytes, piece: int) -> ServerFlight:
    flight = ServerFlight()
    for start in range(0, len(data), piece):
        flight.feed(data[start : start + piece])
    return flight


names = st.lists(st.binary(max_size=40), max_size=4)


@given(
    suite=st.integers(1, 0xFFFF),
    session=st.binary(max_size=32),
    sent=names,
    bits=st.sampled_from((512, 1024, 2048, 4096)),
    accepted=st.none() | names,
    cuts=st.integers(1, 60),
    piece=st.integers(1, 3000),
)
def test_everything_said_is_read_however_it_is_cut(
    suite: int, session: bytes, sent: list[bytes], bits: int, accepted: list[bytes] | None, cuts: int, piece: int
) -> None:
    said = hello(suite, session) + chain(*sent) + dhe(bits)
    said += b"" if accepted is None else request(*accepted)
    said += message(DONE, b"")
    # A message may span records, and a record hold several messages.
    records = b"".join(record(said[start : start + cuts]) for start in range(0, len(said), cuts))
    flight = read(records + b"what comes after is not looked at", piece)
    assert (flight.version, flight.suite, flight.chain) == ("TLS 1.2", suite, tuple(sent))
    assert flight.dh_bits() == bits
    assert flight.asks_certificate is (accepted is not None)
    assert flight.accepted == tuple(accepted or ())
    assert flight.ended


def test_the_curve_of_an_elliptic_exchange() -> None:
    exchange = message(KEY_EXCHANGE, b"\3\0\x1d" + vector(bytes(32), 1))
    assert read(record(exchange + message(DONE, b"")), 7).curve() == "X25519"


def test_what_was_said_before_the_nonsense_stays() -> None:
    flight = read(record(hello(0xC02F)) + record(message(CERTIFICATE, b"\0\0\5\0\0\x09")), 5)
    assert flight.ended
    assert flight.suite == 0xC02F
    assert flight.chain == ()


def test_an_alert_ends_it_and_a_warning_does_not() -> None:
    assert read(record(b"\2\x28", 21), 9).ended
    warned = read(record(b"\1\x70", 21), 9)
    assert not warned.ended
    warned.feed(record(hello(0xC02F)))
    assert warned.suite == 0xC02F


def test_another_protocol_is_known_at_once() -> None:
    assert read(b"HTTP/1.1 400 Bad Request\r\n", 1).ended


def test_a_server_that_never_ends_is_left() -> None:
    flight = ServerFlight()
    fed = 0
    while not flight.ended:
        flight.feed(record(message(99, bytes(1000))))
        fed += 1000
        assert fed < 2 * MAX_BYTES


handshakes = st.builds(
    lambda kind, body: record(message(kind, body)), st.sampled_from((HELLO, 11, 12, 13, DONE, 99)), st.binary()
)
records = st.builds(record, st.binary(max_size=100), st.sampled_from((20, 21, 22, 23, 0)))


@given(st.lists(st.binary(max_size=200) | handshakes | records, max_size=8).map(b"".join), st.integers(1, 64))
def test_nothing_breaks_it(data: bytes, piece: int) -> None:
    flight = read(data, piece)
    flight.dh_bits()
    flight.curve()
    before = (flight.chain, flight.accepted)
    if flight.ended:
        flight.feed(record(chain(b"late")))
        assert (flight.chain, flight.accepted) == before
