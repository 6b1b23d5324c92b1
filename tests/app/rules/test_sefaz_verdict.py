"""What the inscriptions of an answer say: chosen with certainty, or called ambiguous."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import Inscription, Verdict
from app.rules.sefaz_verdict import judge

UFS = ("SP", "GO", "")
inscriptions = st.builds(
    Inscription,
    IE=st.sampled_from(["", "123", "00123", "456", "789"]),
    UF=st.sampled_from(UFS),
    cSit=st.sampled_from(["0", "1", "1", "2", ""]),
    dBaixa=st.sampled_from(["", "", "2020-01-31"]),
    CPF=st.sampled_from(["", "", "", "52998224725"]),
    IEUnica=st.sampled_from(["", "", "", "999"]),
    IEAtual=st.sampled_from(["", "", "", "456", "123", "555"]),
    indCredNFe=st.sampled_from(["0", "1", "4", ""]),
)
answers = st.lists(inscriptions, max_size=5)
ies = st.sampled_from(["", "123", "0123", "456", "999", "ISENTO"])


def one(ie: str = "123", situation: str = "1", uf: str = "SP", closed: str = "", replaced_by: str = "") -> Inscription:
    return Inscription(IE=ie, UF=uf, cSit=situation, dBaixa=closed, IEAtual=replaced_by)


def farm(ie: str, situation: str = "1", closed: str = "") -> Inscription:
    return Inscription(IE=ie, CPF="52998224725", UF="SP", cSit=situation, dBaixa=closed)


def shared(ie: str, by: str, situation: str = "1") -> Inscription:
    return Inscription(IE=ie, UF="SP", cSit=situation, IEUnica=by)


@given(answers, ies)
def test_never_enabled_when_no_inscription_is(answer: list[Inscription], ie: str) -> None:
    judged = judge(answer, "SP", ie)
    if all(inscription.cSit != "1" for inscription in answer):
        assert judged.verdict is not Verdict.ENABLED
    if all(inscription.cSit != "0" for inscription in answer):
        assert judged.verdict is not Verdict.DISABLED


@given(answers, ies)
def test_every_verdict_says_why_and_rests_on_an_inscription_of_the_answer(answer: list[Inscription], ie: str) -> None:
    judged = judge(answer, "SP", ie)
    assert judged.verdict in (Verdict.ENABLED, Verdict.DISABLED, Verdict.AMBIGUOUS)
    assert judged.reason.endswith(".")
    assert " ," not in judged.reason
    assert judged.own is None or judged.own in answer
    if judged.own is not None and judged.verdict is Verdict.ENABLED:
        assert judged.own.cSit == "1"
    if judged.own is not None and judged.verdict is Verdict.DISABLED:
        assert judged.own.cSit == "0"


@given(answers, inscriptions, st.sampled_from(["123", "0123", "456"]))
def test_an_inscription_of_another_uf_changes_nothing_where_the_own_is_found(
    answer: list[Inscription], stranger: Inscription, ie: str
) -> None:
    if not any(i.UF == "SP" and i.IE.lstrip("0") == ie.lstrip("0") for i in answer):
        answer = [*answer, one(ie)]
    before = judge(answer, "SP", ie)
    for uf in ("RJ", "GO"):
        foreign = replace(stranger, UF=uf)
        assert judge([*answer, foreign], "SP", ie).verdict is before.verdict
        assert judge([foreign, *answer], "SP", ie).verdict is before.verdict


def possible(answer: list[Inscription], ie: str) -> list[Inscription]:
    """The oracle: the inscriptions of the answer that may be the customer's, as far as anybody can know."""

    def bare(text: str) -> str:
        return "".join(filter(str.isdigit, text)).lstrip("0")

    def replaced(i: Inscription) -> bool:
        return bare(i.IEAtual) not in ("", bare(i.IE))

    wanted = bare(ie)
    if wanted:
        some = [i for i in answer if bare(i.IE) == wanted] or [i for i in answer if bare(i.IEUnica) == wanted]
        some = [i for i in some if i.UF != "GO"] or some
        return [i for i in some if not i.dBaixa] or some
    local = [i for i in answer if i.UF != "GO"]
    standing = [i for i in local if i.cSit == "1" or not (i.dBaixa or replaced(i))] or local
    enabled = [i for i in standing if i.cSit == "1"]
    others = {i.cSit for i in standing} - {"1"}
    one_establishment = not any(i.CPF for i in standing)
    return enabled if len(enabled) == 1 and others == {"0"} and one_establishment else standing


@given(answers, ies)
def test_enabled_exactly_when_every_inscription_that_may_be_the_customers_is(
    answer: list[Inscription], ie: str
) -> None:
    may_be = possible(answer, ie)
    judged = judge(answer, "SP", ie)
    assert (judged.verdict is Verdict.ENABLED) == ({i.cSit for i in may_be} == {"1"})
    if may_be and {i.cSit for i in may_be} != {"0"}:
        assert judged.verdict is not Verdict.DISABLED
    if judged.own is not None:
        assert judged.own in may_be


@given(answers, ies, st.sampled_from(["0", "1", "2", "3", "4", "9", ""]))
def test_accreditation_for_nfe_never_decides(answer: list[Inscription], ie: str, accredited: str) -> None:
    other = [replace(i, indCredNFe=accredited, indCredCTe=accredited) for i in answer]
    before, after = judge(answer, "SP", ie), judge(other, "SP", ie)
    assert (after.verdict, after.reason) == (before.verdict, before.reason)


@given(answers.flatmap(lambda answer: st.tuples(st.just(answer), st.permutations(answer))), ies)
def test_the_order_of_the_answer_does_not_matter(both: tuple[list[Inscription], list[Inscription]], ie: str) -> None:
    one_way, other_way = ([replace(i, IEAtual="") for i in answer] for answer in both)
    assert judge(one_way, "SP", ie).verdict is judge(other_way, "SP", ie).verdict


@given(answers, st.sampled_from(["", "ISENTO"]))
def test_without_an_ie_on_file_other_ufs_do_not_count(answer: list[Inscription], ie: str) -> None:
    here = [i for i in answer if i.UF in ("", "SP")]
    if here and not any(i.IEAtual for i in here):
        assert judge(answer, "SP", ie).verdict is judge(here, "SP", ie).verdict


E, D, A = Verdict.ENABLED, Verdict.DISABLED, Verdict.AMBIGUOUS


@pytest.mark.parametrize(
    ("answer", "ie", "verdict", "says"),
    [
        # The inscription on file is in the answer: only it counts.
        ([one()], "123", E, "A inscrição 123 está habilitada."),
        ([one(situation="0")], "123", D, "A inscrição 123 não está habilitada."),
        ([one(situation="0", closed="2020-01-31")], "123", D, "baixada em 31/01/2020"),
        ([one(situation="0", closed="2020-01-31T00:00:00-03:00")], "123", D, "baixada em 31/01/2020"),
        ([one("00123"), one("456", "0")], "123", E, "habilitada"),
        ([one("123"), one("456", "0")], "000.123", E, "habilitada"),
        ([one("123", "0"), one("456")], "123", D, "não está habilitada"),
        (
            [one("123", "1", uf="RJ")],
            "123",
            E,
            "123, de contribuinte de RJ (como um substituto tributário), está habilitada.",
        ),
        ([one("123", "1", uf="RJ"), one("123", "0")], "123", D, "não está habilitada"),
        ([one("123", "1", uf="")], "123", E, "habilitada"),
        ([one("123", "7")], "123", A, "“7”"),
        ([one("123", "")], "123", A, "não informou a situação da inscrição 123"),
        # The same inscription twice.
        ([one("123", "0"), one("123", "1")], "123", A, "2 vezes"),
        ([one("123", "0"), one("123", "0")], "123", D, "não está habilitada"),
        ([one("123", "0", closed="2020-01-31"), one("123", "1")], "123", E, "habilitada"),
        # Replaced by another inscription.
        ([one("123", "0", replaced_by="456"), one("456")], "123", A, "substituída pela 456"),
        ([one("123", "0", replaced_by="00456"), one("456")], "123", A, "atualize o cadastro"),
        (
            [one("123", "0", replaced_by="456"), one("456", "0")],
            "123",
            D,
            "pela 456, e nenhuma das duas está habilitada.",
        ),
        (
            [one("123", "0", replaced_by="456"), one("456", uf="RJ")],
            "123",
            A,
            "substituída pela 456, cuja situação não veio",
        ),
        ([one("123", "0", replaced_by="456")], "123", A, "atualize o cadastro e consulte de novo."),
        ([one("123", "0", "SP", "2020-01-31", "456")], "", A, "substituída pela 456, cuja situação não veio"),
        ([one("123", "0", replaced_by="456"), one("456", "7")], "123", A, "cuja situação não veio"),
        (
            [one("123", "0", replaced_by="456"), one("456", "0", replaced_by="789"), one("789")],
            "123",
            A,
            "pela 789, que",
        ),
        ([one("123", "0", replaced_by="456"), one("456", "0", replaced_by="123")], "123", D, "nenhuma das duas"),
        (
            [one("123", "1", replaced_by="456")],
            "123",
            E,
            "está habilitada. A SEFAZ informa que a inscrição atual é a 456",
        ),
        ([one("123", "1", closed="2020-01-31")], "123", E, "traz também uma baixa, em 31/01/2020."),
        ([one("123", "0", replaced_by="123")], "123", D, "não está habilitada"),
        ([one("123", "1", replaced_by="456"), one("456", "0")], "123", E, "habilitada"),
        # The inscription on file is not in the answer.
        ([one("456")], "123", A, "não está na resposta, que traz 1 inscrição: 456 habilitada. Confira a"),
        ([one("456"), one("789", "0", uf="RJ")], "123", A, "2 inscrições: 456 habilitada; 789 de RJ não habilitada."),
        ([one("456", "0", replaced_by="123")], "123", A, "456 substituída pela 123."),
        ([one("456", "0"), one("789", "0", uf="RJ")], "123", D, "que traz 2 inscrições: nenhuma está habilitada."),
        ([one("456", "2")], "123", A, "456 situação “2”."),
        ([one(str(n)) for n in range(10, 17)], "123", A, "13 habilitada; e mais 3."),
        ([], "123", A, "nenhuma inscrição"),
        # No inscription on file: those of the UF must agree.
        ([one()], "", E, "habilitada"),
        ([one(situation="0")], "ISENTO", D, "não está habilitada"),
        ([one("123"), one("456")], "", E, "As 2 inscrições em SP estão habilitadas."),
        ([one("123", "0"), one("456", "0")], "", D, "Nenhuma das 2"),
        ([one("123", "0"), one("456", "1")], "", E, "A inscrição 456 está habilitada; das 2 em SP, é a única."),
        ([one("123", "0"), one("456"), one("789")], "", A, "3 inscrições em SP com situações diferentes"),
        ([one("123", "7"), one("456", "7")], "", A, "diferentes ou não conhecidas: 123 situação “7”; 456"),
        ([one("123", "7"), one("456", "1")], "", A, "123 situação “7”; 456 habilitada."),
        ([one("123", "0", replaced_by="999"), one("456", "0")], "", D, "A inscrição 456 não está habilitada."),
        ([one("123", "0", replaced_by="999"), one("456", "0", replaced_by="999")], "", A, "123 substituída pela 999"),
        # A rural producer: several farms, and nobody knows which one buys.
        ([farm("123"), farm("456"), farm("789")], "", E, "As 3 inscrições em SP estão habilitadas."),
        ([farm("123"), farm("456", "0")], "", A, "123 habilitada; 456 não habilitada. Informe no cadastro"),
        ([farm("123"), farm("456", "0")], "456", D, "A inscrição 456 não está habilitada."),
        ([farm("123"), farm("456", "0", "2020-01-31")], "", E, "A inscrição 123 está habilitada."),
        # An inscription shared by several establishments.
        (
            [shared("456", "123"), one("789", "0")],
            "123",
            E,
            "A inscrição 456, da inscrição única 123 do cadastro, está",
        ),
        ([shared("456", "123"), shared("789", "123", "0")], "123", A, "única 123 é de 2 inscrições, com situações"),
        ([shared("456", "123", "0"), one("123")], "123", E, "A inscrição 123 está habilitada."),
        ([one("123", "0", closed="2020-01-31"), one("456", "1")], "", E, "456"),
        ([one("123", "0", closed="2020-01-31")], "", D, "baixada"),
        ([one("123", "0", closed="2020-01-31"), one("456", "0", closed="2021-01-31")], "", D, "Nenhuma das 2"),
        ([one("123", "1"), one("456", "0", uf="RJ")], "", E, "123"),
        (
            [one("123", "1", uf="RJ"), one("456", "1", uf="GO")],
            "",
            A,
            "de contribuintes de outra UF, como substitutos tributários: 123 de RJ habilitada",
        ),
        ([], "", A, "nenhuma inscrição"),
    ],
)
def test_each_case(answer: list[Inscription], ie: str, verdict: Verdict, says: str) -> None:
    judged = judge(answer, "SP", ie)
    assert judged.verdict is verdict
    assert says in judged.reason
