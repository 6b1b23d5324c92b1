"""How each authorizer's consulta cadastro speaks: the shape of its envelope and how it takes a missing action.

Shapes seen in production by public clients of the service: SP, BA, MS and SVRS `soap:`, PR and GO `env:`, PE and MT
`soapenv:`, MG `S:` with retConsCad in the WSDL's namespace. AM's result element is unproven.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

WSDL_NAMESPACE = "http://www.portalfiscal.inf.br/nfe/wsdl/CadConsultaCadastro4"
NFE_NAMESPACE = "http://www.portalfiscal.inf.br/nfe"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"


class MissingAction(Enum):
    """What a request without action in Content-Type gets."""

    IGNORED = "ignorada"
    STATUS_999 = "999"
    ASMX_FAULT = "asmx"
    AXIS_EPR_FAULT = "axis2"
    AXIS_NO_SOAPACTION_FAULT = "axis"


@dataclass(frozen=True)
class Dialect:
    """One authorizer. `offset` is the one of its clock; `accents` whether xMotivo keeps them."""

    name: str
    ver_aplic: str
    prefix: str = "soap"
    result: str = "nfeResultMsg"
    inner_result: str = ""
    wrapped_request: bool = False
    foreign_ret: bool = False
    versao: str = "2.00"
    offset: str = "-03:00"
    accents: bool = True
    trailing_blanks: bool = False
    short_cep: bool = False
    with_address: bool = True
    cred_not_told: bool = False
    soap_11: bool = False
    missing_action: MissingAction = MissingAction.IGNORED

    @cached_property
    def head(self) -> str:
        """Everything before retConsCad."""
        schema = (
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
            if self.prefix == "soap"
            else ""
        )
        inner = f"<{self.inner_result}>" if self.inner_result else ""
        return (
            f'<?xml version="1.0" encoding="utf-8"?><{self.prefix}:Envelope xmlns:{self.prefix}="{SOAP_12}"{schema}>'
            f'<{self.prefix}:Body><{self.result} xmlns="{WSDL_NAMESPACE}">{inner}'
        )

    @cached_property
    def tail(self) -> str:
        """Everything after retConsCad."""
        inner = f"</{self.inner_result}>" if self.inner_result else ""
        return f"{inner}</{self.result}></{self.prefix}:Body></{self.prefix}:Envelope>"


_SVRS: dict[str, Any] = {
    "ver_aplic": "SVRSDEMO01",
    "versao": "2.00 ",  # seen at SVRS; legal, the attribute is an xs:token
    "accents": False,
    "soap_11": True,
    "missing_action": MissingAction.ASMX_FAULT,
}
SVRS = Dialect("SVRS", **_SVRS)
SVRS_SC = Dialect("SVRS", short_cep=True, **_SVRS)

_OWN = {
    "AM": Dialect("AM", "AM4.00", result="consultaCadastro2Result", offset="-04:00", with_address=False),
    "BA": Dialect("BA", "BA_DEMO_4", accents=False, soap_11=True, missing_action=MissingAction.ASMX_FAULT),
    "GO": Dialect("GO", "GO4.0", prefix="env", cred_not_told=True, missing_action=MissingAction.STATUS_999),
    "MG": Dialect("MG", "N.DEMO.4", prefix="S", result="consultaCadastro4Result", foreign_ret=True),
    "MS": Dialect("MS", "MS_4_DEMO", offset="-04:00", accents=False, trailing_blanks=True),
    "MT": Dialect(
        "MT",
        "MT4.0.DEMO",
        prefix="soapenv",
        inner_result="consultaCadastroResult",
        wrapped_request=True,
        offset="-04:00",
        missing_action=MissingAction.AXIS_EPR_FAULT,
    ),
    "PE": Dialect(
        "PE",
        "PE4DEMO",
        prefix="soapenv",
        with_address=False,
        missing_action=MissingAction.AXIS_NO_SOAPACTION_FAULT,
    ),
    "PR": Dialect("PR", "PR-v4_demo", prefix="env"),
    "SC": SVRS_SC,
    "SP": Dialect("SP", "SP_NFE_DEMO_4", trailing_blanks=True, missing_action=MissingAction.ASMX_FAULT),
}


def dialect(uf: str) -> Dialect:
    """The dialect of the authorizer that answers for `uf`: its own, or SVRS's."""
    return _OWN.get(uf, SVRS)
