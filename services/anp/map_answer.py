"""Reads the GeoJSON of ANP's map server (GeoServer, layer SFI:Postos_Combustivel), which states the situation.

The names of the fields come from DescribeFeatureType; those of the address and of the authorization are read when
they are there. The fields of GLP were not seen.
"""

from __future__ import annotations

from typing import Any

from app.domain import AnpRegistration
from services.anp.reading import NotAnAnswer, Reading, about, field


def is_feature_collection(answer: dict[str, Any]) -> bool:
    """Whether an object, its names in lower case, has the form of the map's answers."""
    return answer.get("type") == "FeatureCollection"


def read_features(answer: dict[str, Any], cnpj: str) -> Reading | None:
    """What the map says of that CNPJ, None when it has no such reseller. Raises NotAnAnswer. Names are lower case."""
    features = answer.get("features")
    if not isinstance(features, list):
        raise NotAnAnswer("o mapa não enviou a lista de postos")
    if not features:
        for name in ("totalfeatures", "numbermatched", "numberreturned"):
            if field(answer, name) not in ("", "0", "unknown"):
                raise NotAnAnswer("o mapa diz ter encontrado postos, e não enviou nenhum")
        return None
    registrations = [_registration(feature) for feature in features]
    return Reading(about(cnpj, registrations), states_situation=True, states_authorization=False)


def _registration(feature: object) -> AnpRegistration:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise NotAnAnswer("a lista do mapa não é de postos")
    return AnpRegistration(
        cnpj=field(properties, "cnpj_cpf"),
        name=field(properties, "razao_social"),
        situation=field(properties, "situacao_atual"),
        authorization=field(properties, "numero_autorizacao"),
        published=field(properties, "data_publicacao"),
        brand=field(properties, "prc_distribuidora"),
        street=field(properties, "endereco"),
        complement=field(properties, "complemento"),
        district=field(properties, "bairro"),
        postal_code=field(properties, "cep"),
        city=field(properties, "municipio"),
        uf=field(properties, "uf"),
        reseller_class=field(properties, "prc_tipo"),
    )
