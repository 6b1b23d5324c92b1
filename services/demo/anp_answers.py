"""What ANP's addresses write about a reseller: the API's JSON, the map's FeatureCollection, the old page, faults.

Field names are those of ANP.Revendedores.API 1.0, of the layer SFI:Postos_Combustivel and of the page of 2017.
What is not known for sure is made up: the wording of every situation but the revoked one, and the bodies of errors.
"""

from __future__ import annotations

import json
import zlib
from datetime import datetime
from html import escape
from typing import Any

from app.domain import AnpRegistration
from services.demo.anp_scenarios import INTERDICTED, AnpScenario

HTML = "text/html; charset=iso-8859-1"
JSON = "application/json; charset=utf-8"
XML = "application/xml"

MAP_SITUATIONS = {
    AnpScenario.REVOKED: "REVOGADA",
    AnpScenario.REVOCATION: "EM PROCESSO DE REVOGAÇÃO",
    AnpScenario.CANDIDATE: "CANDIDATO A POSTO REVENDEDOR",
    AnpScenario.UNKNOWN_WORDING: "EM DILIGÊNCIA",
    AnpScenario.SIGAF: INTERDICTED,
}
"""`Situacao_Atual` of the map; any other scenario is EM OPERAÇÃO."""

PAGE_HEADINGS = {
    AnpScenario.REVOKED: "Posto com autorização revogada",
    AnpScenario.REVOCATION: "Posto em processo de revogação",
    AnpScenario.CANDIDATE: "Candidato a posto revendedor",
    AnpScenario.UNKNOWN_WORDING: "Posto em diligência",
    AnpScenario.SIGAF: "Posto interditado",
}
"""The heading of the old page; any other scenario is a station that is authorised."""

REJECTED_PAGE = (
    b"<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. "
    b"Your support ID is: 4410012345678901234</body></html>"
)
MAINTENANCE_PAGE = (
    "<!DOCTYPE html><html lang='pt-br'><head><title>Manutenção</title></head>"
    "<body><h1>Sistema em manutenção</h1><p>Volte mais tarde.</p></body></html>"
).encode("iso-8859-1")
NOT_FOUND_PAGE = b"<!DOCTYPE html><html><head><title>404 - File or directory not found.</title></head></html>"
ASP_ERROR = (
    "<font face='Arial' size=2><p>Microsoft OLE DB Provider for SQL Server</font> <font face='Arial' size=2>"
    "erro '80040e31'</font><p><font face='Arial' size=2>Tempo limite da consulta expirado</font>"
).encode("iso-8859-1")
SERVICE_EXCEPTION = (
    b'<?xml version="1.0" ?><ServiceExceptionReport version="1.2.0" xmlns="http://www.opengis.net/ogc">'
    b"<ServiceException>java.lang.RuntimeException: java.io.IOException\njava.io.IOException</ServiceException>"
    b"</ServiceExceptionReport>"
)

_BLANK = " "
_COLOURS = ("#e7e7e7", "#d7d7d7")


def api_envelope(rows: list[dict[str, Any]]) -> bytes:
    """The API's answer with those rows, which may be none."""
    title = "Dados Encontrados" if rows else "Nenhum dado encontrado"
    return _json(
        {
            "status": 200,
            "title": title,
            "succeeded": True,
            "data": rows,
            "searchPageFilter": {
                "numeroPagina": 1,
                "tamanhoPagina": 5000,
                "totalRegistro": len(rows),
                "totalPagina": min(len(rows), 1),
            },
        }
    )


def api_error(status: int, title: str) -> bytes:
    """The API's answer when it did not do what was asked."""
    return _json({"status": status, "title": title, "succeeded": False, "data": None})


def api_row(registration: AnpRegistration, *, interdicted: bool = False) -> dict[str, Any]:
    """One of the API's rows. What is not told is "" or a blank, as there; some rows name their products only."""
    mixed = zlib.crc32(registration.cnpj.encode())
    fuels: list[Any] = [
        {
            "produto": product,
            "tancagem": 7.5 * (1 + (mixed + place) % 4),
            "unidMedidaTancagem": "m³",
            "qtdeBicos": 2 + (mixed + place) % 5,
        }
        for place, product in enumerate(registration.products)
    ]
    if mixed % 8 == 0:
        fuels = [product.capitalize() for product in registration.products]
    return {
        "codigoSIMP": registration.simp_code,
        "autorizacao": registration.authorization or _BLANK,
        "dataPublicacao": registration.published,
        "razaoSocial": registration.name,
        "cnpj": registration.cnpj,
        "endereco": registration.street,
        "complemento": registration.complement or _BLANK,
        "bairro": registration.district,
        "cep": registration.postal_code,
        "uf": registration.uf,
        "municipio": registration.city,
        "distribuidora": registration.brand or _BLANK,
        "dataVinculacao": registration.brand_since,
        "classe": registration.reseller_class,
        "produtos": fuels,
        "latitude": f"-{mixed % 30}.{mixed % 1_000_000:06}",
        "longitude": f"-{40 + mixed % 20}.{mixed // 7 % 1_000_000:06}",
        "latitude_ANP4C": f"-{mixed % 30:02}:{mixed % 60:02}:{mixed // 3 % 60:02},396",
        "longitude_ANP4C": f"-{40 + mixed % 20}:{mixed // 5 % 60:02}:{mixed // 9 % 60:02},600",
        "validacao": "",
        "estimativaAcuracia": "5",
        "srid": "4674",
        "src": "SIRGAS 2000",
        "dataObtencao": "10/03/2024",
        "origemInformacao": _BLANK,
        "situacaoConstatada": "200",
        "observacao": "",
        "statusSIGAF": INTERDICTED if interdicted else _BLANK,
        "inadimplenciaPMQC": [],
    }


def feature_collection(registration: AnpRegistration | None, scenario: AnpScenario) -> bytes:
    """The map's answer: one feature with the situation, or none."""
    features = [] if registration is None else [_feature(registration, scenario)]
    return _json(
        {
            "type": "FeatureCollection",
            "totalFeatures": len(features),
            "features": features,
            "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4674"}} if features else None,
        }
    )


def _feature(registration: AnpRegistration, scenario: AnpScenario) -> dict[str, Any]:
    mixed = zlib.crc32(registration.cnpj.encode())
    return {
        "type": "Feature",
        "id": f"Postos_Combustivel.fid-{mixed:08x}",
        "geometry": {"type": "Point", "coordinates": [-(40 + mixed % 20), -(mixed % 30)]},
        "geometry_name": "GEOM",
        "properties": {
            "Identificador": registration.simp_code,
            "Tipo_de_instalacao": "REVENDEDOR",
            "CNPJ_CPF": registration.cnpj,
            "Razao_Social": registration.name,
            "Nome": registration.name,
            "Endereco": registration.street,
            "Complemento": registration.complement or None,
            "Bairro": registration.district or None,
            "CEP": registration.postal_code,
            "Municipio": registration.city,
            "UF": registration.uf,
            "Numero_Autorizacao": registration.authorization or None,
            "Data_Publicacao": registration.published or None,
            "Situacao_Atual": MAP_SITUATIONS.get(scenario, "EM OPERAÇÃO"),
            "PRC_Tipo": "POSTO REVENDEDOR" if registration.brand else None,
            "PRC_Distribuidora": registration.brand or None,
            "GLP_Classe": registration.reseller_class or None,
            "Geo_Situacao_Constatada": "200",
        },
    }


def station_page(registration: AnpRegistration, scenario: AnpScenario, now: datetime) -> bytes:
    """The old page about one station. It has no row for what the station does not have."""
    heading = PAGE_HEADINGS.get(scenario, "Posto revendedor autorizado")
    if scenario in PAGE_HEADINGS:
        certificate = "A situação cadastral atual não permite a emissão do Certificado."
    else:
        certificate = '<a href="Certificado.asp?">Emitir o Certificado de posto revendedor</a>'
    cnpj = registration.cnpj
    brand = f"{registration.brand} - {registration.brand_since}".removesuffix(" - ")
    rows = {
        "Autorização:": registration.authorization,
        "CNPJ/CPF:": f"{cnpj[:2]}.{cnpj[2:5]}.{cnpj[5:8]}/{cnpj[8:12]}-{cnpj[12:]}",
        "Razão Social:": registration.name,
        "Nome Fantasia:": _BLANK,
        "Endereço:": registration.street,
        "Complemento:": registration.complement or _BLANK,
        "Bairro:": registration.district or _BLANK,
        "Município/UF:": f"{registration.city}/{registration.uf}",
        "CEP:": registration.postal_code,
        "Número Despacho:": f"ANP Nº {zlib.crc32(cnpj.encode()) % 2000}",
        "Data Publicação:": registration.published,
        "Bandeira/Início:": brand if registration.brand else "",
        "Tipo do Posto:": "REVENDEDOR",
    }
    told = [(label, value) for label, value in rows.items() if value]
    cells = "".join(_row(label, value, _COLOURS[place % 2]) for place, (label, value) in enumerate(told))
    return _page(
        f"<tr><td bgcolor=#e7e7e7 colspan=2><font face=verdana color=#666666 size=3><div align=left><b>{heading}"
        "</FONT></b></br></tr></td>"
        f"<tr><td colspan=2><font face=verdana color=#666666 size=1><br>{certificate}</font><br>&nbsp;</td></tr>"
        f"{cells}",
        now,
    )


def empty_page(now: datetime) -> bytes:
    """The old page when there is no such station."""
    return _page(
        "<tr><td colspan=2><font face=verdana color=#666666 size=2><b>Nenhum registro encontrado.</b></font></td></tr>",
        now,
    )


def _row(label: str, value: str, colour: str) -> str:
    font = "<font face=Verdana color=#666666 size=1>"
    return (
        f"<tr><td align=right bgcolor={colour} valign=top>{font}<b>{label}</b></font></td>"
        f"<td valign=top align=left bgcolor={colour}>{font}{escape(value)}&nbsp;</font></td></tr>"
    )


def _page(content: str, now: datetime) -> bytes:
    return (
        "<HTML><head><title>:: ANP - Consulta de postos ::</title>"
        '<META http-equiv=Content-Type content="text/html; charset=iso-8859-1"></head>'
        '<body leftmargin=0 topmargin=0 bgcolor="#ffffff"><table width="760" border="0"><tr><td>'
        f'<span class="txtcinza2"><b>Data:</b> {now:%d/%m/%Y}&nbsp;&nbsp; <b>Hora:</b> {now:%H:%M:%S}</span>'
        "</td></tr></table><TABLE width=634 border=0 cellspacing=3><TBODY>"
        '<tr><td colspan=2 align=right><b><a href="consulta.asp">Nova Consulta</a></b></td></tr>'
        f"{content}</TBODY></TABLE></BODY></HTML>"
    ).encode("iso-8859-1")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
