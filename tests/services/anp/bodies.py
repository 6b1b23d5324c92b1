"""Bodies in each form of ANP, about made-up resellers."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from services.demo.example import made_up_cnpj

CNPJ = made_up_cnpj("61820394")
OTHER = made_up_cnpj("70415586")


def row(cnpj: str = CNPJ, **changes: Any) -> dict[str, Any]:
    """A row of the API; a field changed to None is left out."""
    fields = {
        "codigoSIMP": "9912345",
        "autorizacao": "PR/SP0912345",
        "dataPublicacao": "03/04/2018",
        "razaoSocial": "POSTO  DA COLINA AZUL LTDA",
        "cnpj": cnpj,
        "endereco": "RUA DOS JEQUITIBAS,  40",
        "complemento": " ",
        "bairro": "JARDIM INVENTADO",
        "cep": "13000000",
        "uf": "SP",
        "municipio": "CAMPINAS",
        "distribuidora": "VIBRA",
        "dataVinculacao": "05/06/2019",
        "classe": "",
        "produtos": [
            {"produto": "GASOLINA C COMUM", "tancagem": 30.0, "unidMedidaTancagem": "m³", "qtdeBicos": 4},
            {"produto": "ETANOL HIDRATADO COMUM", "tancagem": 7.5, "unidMedidaTancagem": "m³", "qtdeBicos": 2},
        ],
        "situacaoConstatada": "200",
        "statusSIGAF": " ",
        "inadimplenciaPMQC": [],
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def envelope(*rows: Any, **changes: Any) -> bytes:
    """The API's answer; a part changed to None is left out."""
    parts = {
        "status": 200,
        "title": "Dados Encontrados",
        "succeeded": True,
        "data": list(rows),
        "searchPageFilter": {"numeroPagina": 1, "tamanhoPagina": 5000, "totalPagina": 1, "totalRegistro": len(rows)},
        **changes,
    }
    return json.dumps({name: value for name, value in parts.items() if value is not None}).encode()


def feature(situation: str | None, cnpj: str = CNPJ, **changes: Any) -> dict[str, Any]:
    """A feature of the map."""
    properties = {
        "CNPJ_CPF": cnpj,
        "Razao_Social": "POSTO DA COLINA AZUL LTDA",
        "Situacao_Atual": situation,
        "PRC_Tipo": "REVENDEDOR",
        "PRC_Distribuidora": "RAIZEN",
        **changes,
    }
    return {"type": "Feature", "id": "x.1", "geometry": None, "properties": properties}


def features(*each: Any, **changes: Any) -> bytes:
    """The map's answer."""
    return json.dumps(
        {"type": "FeatureCollection", "totalFeatures": len(each), "features": list(each), **changes}
    ).encode()


def page(heading: str, *, cnpj: str = CNPJ, ending: str = "</BODY></HTML>", **rows: str) -> bytes:
    """The old page, with markup as careless as the real one. `autorizacao` and `bandeira` are left out when missing."""
    told = {
        "Autorização:": rows.get("autorizacao", ""),
        "CNPJ/CPF:": f"{cnpj[:2]}.{cnpj[2:5]}.{cnpj[5:8]}/{cnpj[8:12]}-{cnpj[12:]}",
        "Razão Social:": "POSTO DA COLINA AZUL LTDA",
        "Município/UF:": "SÃO JOÃO/SP",
        "Bandeira/Início:": rows.get("bandeira", ""),
        "Tipo do Posto:": "REVENDEDOR",
    }
    font = "<font face=Verdana color=#666666 size=1>"
    cells = "".join(
        f"<tr><td align=right bgcolor=#e7e7e7>{font}<b>{label}</b></font></td>   "
        f"<td valign=top>{font}{escape(value)}&nbsp;</font></td></tr>"
        for label, value in told.items()
        if value
    ).removesuffix("</tr>")
    return (
        "<HTML><head><META http-equiv=Content-Type content='text/html; charset=iso-8859-1'></head><body>"
        "<TABLE><TBODY><TR><TD><table ><tr><td colspan=2><a href='consulta.asp'>Nova Consulta</a></td></tr>"
        f"<tr><td colspan=2><font face=verdana size=3><div align=left><b>{heading}</FONT></b></br></tr></td>"
        f"{cells} </ul></td></tr></table></BLOCKQUOTE></TD></TR></TBODY></TABLE>{ending}"
    ).encode("iso-8859-1")
