"""The difference between two lists: applied to the old one, it gives the new one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.anp_lists import Establishment
from app.rules.anp_difference import ChangeKind, difference

_CNPJS = [f"{number:014}" for number in range(8)]
_texts = st.sampled_from(["", "A", "B", "C"])
_BLANK = Establishment("", *[""] * (len(Establishment._fields) - 1))


def _lists(cnpjs: list[str]) -> st.SearchStrategy[dict[str, Establishment]]:
    return st.lists(st.sampled_from(cnpjs), unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries(
            {
                cnpj: st.builds(
                    lambda cnpj, *fields: _BLANK._replace(
                        cnpj=cnpj,
                        **dict(zip(("name", "brand", "street", "authorization", "situation"), fields, strict=True)),
                    ),
                    st.just(cnpj),
                    *[_texts] * 5,
                )
                for cnpj in chosen
            }
        )
    )


@given(_lists(_CNPJS[:6]), _lists(_CNPJS[6:]), _lists(_CNPJS), st.frozensets(st.sampled_from(_CNPJS)))
def test_the_reported_changes_turn_the_old_list_into_the_new(
    present: dict[str, Establishment],
    gone: dict[str, Establishment],
    new: dict[str, Establishment],
    broken: frozenset[str],
) -> None:
    unreadable = broken - new.keys()
    found = difference(present, gone, new.values(), unreadable)
    fields = {
        ChangeKind.NAME: "name",
        ChangeKind.BRAND: "brand",
        ChangeKind.ADDRESS: "street",
        ChangeKind.AUTHORIZATION: "authorization",
        ChangeKind.SITUATION: "situation",
    }
    rows = dict(present)
    for change in found.changes:
        match change.kind:
            case ChangeKind.NEW:
                assert change.cnpj not in rows | gone
                rows[change.cnpj] = new[change.cnpj]
            case ChangeKind.BACK:
                rows[change.cnpj] = gone[change.cnpj]
            case ChangeKind.LEFT:
                del rows[change.cnpj]
            case kind:
                row = rows[change.cnpj]
                assert getattr(row, fields[kind]) == change.before != change.after
                rows[change.cnpj] = row._replace(**{fields[kind]: change.after})
    kept = {cnpj: row for cnpj, row in present.items() if cnpj in unreadable}
    assert rows == new | kept


@given(_lists(_CNPJS[:6]), _lists(_CNPJS[6:]), _lists(_CNPJS), st.frozensets(st.sampled_from(_CNPJS)))
def test_what_to_write_turns_the_mirror_into_the_list(
    present: dict[str, Establishment],
    gone: dict[str, Establishment],
    new: dict[str, Establishment],
    broken: frozenset[str],
) -> None:
    unreadable = broken - new.keys()
    found = difference(present, gone, new.values(), unreadable)
    rows = present | {row.cnpj: row for row in (*found.added, *found.replaced)}
    for cnpj in found.left:
        del rows[cnpj]
    assert rows == new | {cnpj: row for cnpj, row in present.items() if cnpj in unreadable}
    assert not {row.cnpj for row in found.added} & (present.keys() | gone.keys())
    assert {row.cnpj for row in found.replaced} <= present.keys() | gone.keys()
    assert set(found.still_gone) == gone.keys() & unreadable
