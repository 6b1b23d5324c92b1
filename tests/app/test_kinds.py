"""Every kind of value: what is written, kept and shown, and what is refused with which words."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kinds import (
    AnyDocument,
    Choice,
    Cnpj,
    FilePath,
    Flag,
    Host,
    InvalidValue,
    Kind,
    Names,
    Number,
    Option,
    PostalCode,
    PublicKey,
    Reference,
    State,
    StateRegistration,
    Text,
    TimeZone,
    WebAddress,
    WeeklyWindow,
    folded,
    is_this_computer,
)
from app.uf import UFS
from app.working_hours import ALWAYS, DAY_MINUTES, WEEKDAYS, WorkingHours
from tests.app.sentences import is_sentence


class Fruit(Enum):
    PEAR = "pera"
    FIG = "figo_roxo"
    NONE = ""


FRUITS = Choice((Option(Fruit.PEAR, "Pêra"), Option(Fruit.FIG, "Figo Roxo/Maduro"), Option(Fruit.NONE, "Nenhuma")))
KINDS: tuple[Kind[Any], ...] = (
    Flag(),
    Number(),
    Number(-5, 365, "dias"),
    Text(20),
    Text(20, required=True),
    FilePath(),
    Host(),
    Host(required=False),
    WebAddress(),
    WebAddress(required=False),
    FRUITS,
    PublicKey(),
    Reference("filiais"),
    Reference("filiais", required=True),
    WeeklyWindow(),
    Cnpj(),
    AnyDocument(),
    AnyDocument(required=False),
    StateRegistration(),
    PostalCode(),
    State(),
    TimeZone(),
    Names(),
)
by_name = pytest.mark.parametrize("kind", KINDS, ids=repr)

hours = st.builds(
    WorkingHours,
    st.integers(0, DAY_MINUTES - 1),
    st.integers(0, DAY_MINUTES),
    st.frozensets(st.integers(0, 6), min_size=1),
).filter(lambda window: window.start != window.end)


def refusal(kind: Kind[Any], text: str) -> str:
    with pytest.raises(InvalidValue) as refused:
        kind.parse(text)
    assert is_sentence(str(refused.value)), str(refused.value)
    return str(refused.value)


@by_name
@given(text=st.text(max_size=30) | st.sampled_from(["1", "sim", "SP", "https://[::1", "ie", "24:00-24:00", "a;b\nA"]))
def test_any_text_is_a_value_that_round_trips_or_is_refused_in_a_sentence(kind: Kind[Any], text: str) -> None:
    try:
        value = kind.parse(text)
    except InvalidValue as refused:
        assert is_sentence(str(refused)), str(refused)
    else:
        assert kind.parse(kind.dump(value)) == value
        assert isinstance(kind.show(value), str)


def test_a_path_keeps_its_blanks_and_loses_the_quotes_it_was_copied_in() -> None:
    assert FilePath().parse(' "C:\\os  meus\\serviço.pem" ') == "C:\\os  meus\\serviço.pem"
    assert FilePath().parse(" ") == ""
    assert "301 caracteres" in refusal(FilePath(), "x" * 301)


@by_name
def test_every_kind_says_what_may_be_written(kind: Kind[Any]) -> None:
    assert kind.hint.strip() == kind.hint != ""
    assert not kind.hint.startswith(",")


def test_words_are_compared_without_accents_case_and_double_blanks() -> None:
    assert folded("  Não\tPERMITE  inclusão ") == "nao permite inclusao" == folded("nao permite INCLUSÃO")


@pytest.mark.parametrize(("text", "value"), [("SIM", True), ("s", True), ("1", True), ("Não", False), ("OFF", False)])
def test_yes_and_no(text: str, value: bool) -> None:
    assert Flag().parse(text) is value
    assert Flag().plain(value) is value


@given(st.booleans())
def test_flags_round_trip(value: bool) -> None:
    assert Flag().parse(Flag().dump(value)) is value is Flag().parse(Flag().show(value))


@given(st.integers(1, 365))
def test_numbers_inside_the_limits_round_trip(value: int) -> None:
    assert Number(1, 365).parse(Number(1, 365).dump(value)) == value


@given(st.integers().filter(lambda n: not 1 <= n <= 365))
def test_numbers_outside_the_limits_are_refused_and_never_clamped(value: int) -> None:
    assert "de 1 a 365 dias" in refusal(Number(1, 365, "dias"), str(value))


@pytest.mark.parametrize("text", ["", "1,5", "1.5", "1e3", "dez", "１２", "1 000", "0x10", "1_0", "9" * 40])
def test_what_is_not_a_whole_number(text: str) -> None:
    assert "ou mais" in refusal(Number(), text)


@pytest.mark.parametrize(
    ("number", "value", "shown"),
    [
        (Number(1, 65535), 8082, "8082"),
        (Number(0, 86400, "segundos"), 86400, "86.400 segundos"),
        (Number(1, 3650, "dias"), 30, "30 dias"),
    ],
)
def test_only_quantities_are_grouped_by_thousands(number: Number, value: int, shown: str) -> None:
    assert number.show(value) == shown
    assert number.plain(value) == value


def test_a_text_is_one_line_of_visible_characters_within_its_limit() -> None:
    assert Text(8).parse(" Posto \n  A ") == "Posto A"
    assert Text(8).parse("") == ""
    assert "9 caracteres" in refusal(Text(8), "123456789")
    assert "vazio" in refusal(Text(8, required=True), " \t ")
    for hidden in ("Posto\x00", "Posto\x7f", "Posto \udce9"):
        assert "não se veem" in refusal(Text(), hidden)
        assert "não se veem" in refusal(Names(), hidden)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" 192.168.0.10 ", "192.168.0.10"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("fe80::1%3", "fe80::1%3"),
        ("localhost", "localhost"),
        ("SERVIDOR-01", "SERVIDOR-01"),
        ("pc_do_caixa", "pc_do_caixa"),
        ("banco.empresa.com.br", "banco.empresa.com.br"),
    ],
)
def test_addresses_of_a_server(text: str, value: str) -> None:
    assert Host().parse(text) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "127.0.0.1"),
        ("http://192.168.0.10", "sem “http://”"),
        ("//servidor", "sem “http://”"),
        ("192.168.0.10/24", "sem “http://”"),
        ("192.168.0.10:5432", "porta no campo próprio"),
        ("[::1]:5432", "porta no campo próprio"),
        ("servidor:8082", "porta no campo próprio"),
        ("meu servidor", "espaços"),
        ("256.1.1.1", "de 0 a 255"),
        ("192.168.0", "de 0 a 255"),
        ("1.2.3.4.5", "de 0 a 255"),
        ("-servidor", "nome de computador"),
        ("servidor-", "nome de computador"),
        ("a..b", "nome de computador"),
        ("maria@servidor", "nome de computador"),
        ("servidor?", "nome de computador"),
        ("coração", "nome de computador"),
        ("a" * 64, "nome de computador"),
        ("１27.0.0.1", "nome de computador"),
    ],
)
def test_what_is_not_the_address_of_a_server(text: str, says: str) -> None:
    assert says in refusal(Host(), text)


def test_the_address_of_a_server_may_be_left_out_where_it_is_not_required() -> None:
    assert Host(required=False).parse("  ") == ""


@given(st.ip_addresses())
def test_every_ip_address_round_trips(address: object) -> None:
    assert Host().parse(str(address)) == str(address) == Host().parse(f"[{address}]")


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("LocalHost", True),
        ("192.168.0.1", False),
        ("pc", False),
    ],
)
def test_this_computer_is_recognised(host: str, here: bool) -> None:
    assert is_this_computer(host) is here
    assert Host().show(host) == (f"{host} (este computador)" if here else host)


@pytest.mark.parametrize(
    "text",
    [
        "https://a.gov.br",
        "https://a.gov.br:8443/v1?cnpj=1&x=@",
        "HTTPS://[::1]/x",
        "https://localhost/a#b",
        "https://a.gov.br/v1/{cnpj}/ficha",
        "https://a.gov.br/wfs?CQL_FILTER=CNPJ_CPF='{cnpj}'&x={cnpj}",
    ],
)
def test_safe_web_addresses(text: str) -> None:
    assert WebAddress().parse(f" {text}\n") == text


@pytest.mark.parametrize(
    "text",
    [
        "http://a.gov.br",
        "ftp://a.gov.br",
        "a.gov.br",
        "https://",
        "https:///caminho",
        "https://a.gov.br:0",
        "https://a.gov.br:99999",
        "https://a.gov.br:porta",
        "https://[::1",
        "https://a b.gov.br",
        "https://a.gov.br/\x00",
    ],
)
def test_unsafe_or_broken_web_addresses(text: str) -> None:
    assert "https://" in refusal(WebAddress(), text)


@pytest.mark.parametrize(
    "text",
    [
        "https://{cnpj}.gov.br/x",
        "https://a.gov.br/x#{cnpj}",
        "https://a.gov.br/{CNPJ}",
        "https://a.gov.br/{cpf}",
        "https://a.gov.br/{{cnpj}}",
        "https://a.gov.br/?x={cnpj",
        "https://a.gov.br/?x=cnpj}",
        "https://a.gov.br/{}",
    ],
)
def test_braces_in_a_web_address_only_mark_the_place_of_the_cnpj(text: str) -> None:
    assert "{cnpj}" in refusal(WebAddress(), text)


@pytest.mark.parametrize(
    "text",
    [
        "https://maria:S3gredo@a.gov.br",
        "https://maria@a.gov.br",
        "https://:S3gredo@a.gov.br",
        "http://maria:S3gredo@a.br",
    ],
)
def test_a_password_in_a_web_address_is_refused_and_not_repeated(text: str) -> None:
    says = refusal(WebAddress(), text)
    assert "usuário e senha" in says
    assert "S3gredo" not in says


def test_a_web_address_may_be_missing_only_where_it_is_not_required() -> None:
    assert WebAddress(required=False).parse("  ") == ""
    assert "Informe" in refusal(WebAddress(), "  ")
    assert "300" in refusal(WebAddress(), "https://a.gov.br/" + "x" * 300)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("pera", Fruit.PEAR),
        ("PÊRA", Fruit.PEAR),
        ("figo_roxo", Fruit.FIG),
        ("figo  roxo/MADURO", Fruit.FIG),
        ("", Fruit.NONE),
        ("nenhuma", Fruit.NONE),
    ],
)
def test_a_choice_is_made_by_value_or_by_label(text: str, value: Fruit) -> None:
    assert FRUITS.parse(text) is value
    assert FRUITS.parse(FRUITS.dump(value)) is value is FRUITS.parse(FRUITS.show(value))


def test_what_is_not_an_option_is_answered_with_the_options() -> None:
    assert refusal(FRUITS, "uva") == "“uva” não é uma das opções: pera, figo_roxo, Nenhuma."


KEY = "voKwjVQ7sDaKlICLmkXli6ON2eD6fOUaOPmu4992vK4="


def test_a_public_key_is_kept_as_it_is_given_or_missing() -> None:
    assert PublicKey().parse(f" {KEY}\n") == KEY
    assert PublicKey().parse(" ") == ""


@pytest.mark.parametrize("text", [KEY[:-1], KEY[1:], f"{KEY}=", KEY.replace("=", "A"), KEY[:-2] + "5=", f"-{KEY[1:]}"])
def test_what_is_no_public_key(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        PublicKey().parse(text)
    assert is_sentence(str(refused.value))
    assert str(len(text)) in str(refused.value)


def test_a_reference_is_a_number_or_nothing() -> None:
    kind = Reference("filiais")
    assert kind.parse(" 7 ") == 7
    assert kind.parse("") is None
    assert (kind.dump(None), kind.show(None), kind.plain(None)) == ("", "nenhum", None)
    assert "Escolha" in refusal(Reference("filiais", required=True), " ")
    for text in ("0", "-1", "1,5", "matriz", "１", "1" * 10):
        assert "filiais" in refusal(kind, text)


@given(hours)
def test_weekly_windows_round_trip(window: WorkingHours) -> None:
    assert WeeklyWindow().parse(WeeklyWindow().dump(window)) == window


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("08:00-18:00 seg ter qua qui sex", WorkingHours(480, 1080, frozenset(range(5)))),
        (" 8:00 – 18:00, Segunda, terça; sábado", WorkingHours(480, 1080, frozenset({0, 1, 5}))),
        ("22:00-06:00 sex", WorkingHours(1320, 360, frozenset({4}))),
        ("22:00 a 24:00 DOM", WorkingHours(1320, 1440, frozenset({6}))),
        ("00:00-24:00", ALWAYS),
    ],
)
def test_weekly_windows_as_people_write_them(text: str, window: WorkingHours) -> None:
    assert WeeklyWindow().parse(text) == window


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "08:00-18:00"),
        ("o dia todo", "08:00-18:00"),
        ("8-18", "08:00-18:00"),
        ("25:00-26:00", "24:00"),
        ("08:60-18:00", "00 a 59"),
        ("24:00-06:00", "24:00"),
        ("08:00-24:01", "24:00"),
        ("08:00-08:00", "00:00-24:00"),
        ("08:00-18:00 feriado", "dia da semana"),
        ("08:00-18:00 seg a sex", "dia da semana"),
    ],
)
def test_what_is_not_a_weekly_window(text: str, says: str) -> None:
    assert says in refusal(WeeklyWindow(), text)


def test_a_window_without_days_is_not_read_back_as_every_day() -> None:
    assert "dia da semana" in refusal(WeeklyWindow(), WeeklyWindow().dump(WorkingHours(480, 1080, frozenset())))


def test_windows_are_shown_in_words() -> None:
    assert WeeklyWindow().show(ALWAYS) == "o dia inteiro, todos os dias"
    assert WeeklyWindow().show(WorkingHours(1320, 360, frozenset({4, 0}))) == "22:00 às 06:00, seg, sex"


SUNDAY = datetime(2026, 11, 22)  # noqa: DTZ001  # working hours are of the wall clock, in whatever zone


@pytest.mark.parametrize(
    ("window", "moment", "is_open"),
    [
        ("08:00-18:00 dom", "22 07:59", False),
        ("08:00-18:00 dom", "22 08:00", True),
        ("08:00-18:00 dom", "22 17:59", True),
        ("08:00-18:00 dom", "22 18:00", False),
        ("08:00-18:00 dom", "23 12:00", False),
        ("22:00-06:00 dom", "22 21:59", False),
        ("22:00-06:00 dom", "22 22:00", True),
        ("22:00-06:00 dom", "22 05:00", False),
        ("22:00-06:00 dom", "23 00:00", True),
        ("22:00-06:00 dom", "23 05:59", True),
        ("22:00-06:00 dom", "23 06:00", False),
        ("22:00-06:00 dom", "23 22:00", False),
        ("22:00-06:00 sab", "22 05:59", True),
        ("22:00-00:00 dom", "22 23:59", True),
        ("22:00-00:00 dom", "23 00:00", False),
        ("22:00-24:00 dom", "22 23:59", True),
        ("22:00-24:00 dom", "23 00:00", False),
    ],
)
def test_the_edges_of_a_window(window: str, moment: str, is_open: bool) -> None:
    day, clock = moment.split()
    local = datetime.fromisoformat(f"2026-11-{day}T{clock}")
    assert WEEKDAYS[SUNDAY.weekday()] == "dom"
    assert WeeklyWindow().parse(window).contains(local) is is_open


@given(hours)
def test_a_window_is_open_for_its_length_on_each_of_its_days(window: WorkingHours) -> None:
    length = window.end - window.start if window.end > window.start else DAY_MINUTES - window.start + window.end
    step = 1 if length < 60 else 15
    start, end = window.start // step * step, window.end // step * step
    if start == end:
        return
    rounded = WorkingHours(start, end, window.days)
    open_minutes = sum(
        step for minute in range(0, 7 * DAY_MINUTES, step) if rounded.contains(SUNDAY + timedelta(minutes=minute))
    )
    each_day = end - start if end > start else DAY_MINUTES - start + end
    assert open_minutes == each_day * len(window.days)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("11.222.333/0001-81", "11222333000181"),
        ("529.982.247-25", "52998224725"),
        ("IE 110.042.490.114", "IE 110042490114"),
        ("ie:07", "IE 07"),
        ("IE110042490114", "IE 110042490114"),
        ("IE345678000104", "IE345678000104"),
        ("IE.345.678/0001-04", "IE345678000104"),
        ("IE 345678000104", "IE 345678000104"),
        ("IE isento", "IE ISENTO"),
    ],
)
def test_any_document_and_a_cnpj_that_begins_like_an_ie(text: str, value: str) -> None:
    kind = AnyDocument()
    assert kind.parse(text) == value
    assert kind.parse(kind.show(value)) == value


def test_documents_are_shown_with_their_mask() -> None:
    assert Cnpj().show("12ABC34501DE35") == "12.ABC.345/01DE-35"
    assert AnyDocument().show("52998224725") == "529.982.247-25"
    assert AnyDocument(required=False).parse(" ") == "" == AnyDocument(required=False).show("")
    assert StateRegistration().parse(" ") == ""
    assert StateRegistration().parse("isento") == "ISENTO"


@pytest.mark.parametrize("text", ["01310-100", "01310100", " 01.310-100 ", "01310 100"])
def test_a_postal_code_is_kept_as_digits_and_shown_with_its_hyphen(text: str) -> None:
    assert PostalCode().parse(text) == "01310100"
    assert PostalCode().show("01310100") == "01310-100"


def test_a_postal_code_may_be_left_out() -> None:
    assert PostalCode().parse(" ") == "" == PostalCode().show("")


@pytest.mark.parametrize("text", ["1310-100", "013101000", "01310-1O0", "٠١٣١٠١٠٠"])
def test_what_is_not_a_postal_code(text: str) -> None:
    assert "8 algarismos" in refusal(PostalCode(), text)


@pytest.mark.parametrize("uf", UFS)
def test_states_and_their_time_zones(uf: str) -> None:
    assert State().parse(f" {uf.lower()} ") == uf
    assert State().show(uf) == f"{uf} · {UFS[uf].name}"
    assert TimeZone().parse(UFS[uf].zone) == UFS[uf].zone


@pytest.mark.parametrize("text", ["", "XX", "SÃO PAULO", "S P"])
def test_what_is_not_a_state(text: str) -> None:
    assert "sigla" in refusal(State(), text)


@pytest.mark.parametrize("text", ["", "Brasilia", "America", "../etc/passwd", "/etc/localtime", "-03:00", "a\x00b"])
def test_what_is_not_a_time_zone(text: str) -> None:
    assert "America/Sao_Paulo" in refusal(TimeZone(), text)


def test_repeated_names_count_once_the_first_spelling_kept() -> None:
    names = Names().parse("VIBRA;  Petrobrás  Distribuidora\nPETROBRAS DISTRIBUIDORA; vibra ;;\n")
    assert names == ("VIBRA", "Petrobrás Distribuidora")
    assert Names().show(names) == "VIBRA; Petrobrás Distribuidora"
    assert Names().plain(names) == list(names)
    assert Names().parse(" ; \n") == ()
