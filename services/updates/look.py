"""Looks for a newer version: the manifest and its signature are fetched, verified, judged, and kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from app.domain import FailureKind
from app.folders import Folders
from app.portuguese import exact
from app.rules.updates import ManifestRefusal, refusal
from app.update_manifest import Manifest, UnusableManifest, read_manifest
from services.interruption import Interruption
from services.updates.channel import UpdateChannel
from services.updates.failed import UpdateFailed
from services.updates.known import KnownUpdate, keep_known, read_known
from services.updates.signature import BadSignature, verify

MAX_MANIFEST = 64 * 1024
MAX_SIGNATURE = 1024
_BODY_S = 30.0

_TELL = "Não instale nada que tenha vindo desse endereço e avise quem distribui o programa."


def look(
    channel: UpdateChannel,
    folders: Folders,
    *,
    cancelled: Callable[[], bool],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> KnownUpdate:
    """What is published now. Over the network: not for the window's own thread. Raises UpdateFailed."""
    from services.updates.transport import UpdateTransport

    interruption = Interruption()
    transport = UpdateTransport(folders, interruption)
    interruption.begin()
    try:
        with interruption.watched(cancelled):
            answers = [
                transport.get(address, limit=limit, body_timeout=_BODY_S)
                for address, limit in (
                    (channel.address, MAX_MANIFEST),
                    (channel.signature_address, MAX_SIGNATURE),
                )
            ]
    finally:
        interruption.end()
    if not all(answer.whole for answer in answers):
        raise UpdateFailed(
            FailureKind.INVALID_RESPONSE,
            f"O que {channel.host} enviou não é um manifesto de atualização com a assinatura dele.",
            "O que veio é grande demais ou veio pela metade: o endereço pode ser de outra página.",
            "Confira o endereço das atualizações em Balcão › Integração › Este computador.",
            "\n".join(f"HTTP {answer.status}, {answer.content_type or 'sem Content-Type'}" for answer in answers),
        )
    data, signature = (answer.body for answer in answers)
    try:
        verify(data, signature, channel.key)
        manifest = read_manifest(data)
    except BadSignature as error:
        raise UpdateFailed(
            FailureKind.INVALID_RESPONSE,
            "O manifesto das atualizações não foi assinado com a chave que este computador conhece, e foi recusado.",
            "A chave em Balcão › Integração › Este computador é outra, a publicação está sendo trocada neste momento, "
            "ou alguém mudou o que foi publicado.",
            f"Procure de novo em alguns minutos e confira a chave. Se repetir: {_TELL[0].lower()}{_TELL[1:]}",
            f"GET {channel.address}\n{len(data)} bytes; assinatura de {len(signature)} bytes",
            distrusted=True,
        ) from error
    except UnusableManifest as error:
        raise UpdateFailed(
            FailureKind.INVALID_RESPONSE,
            f"O manifesto das atualizações está assinado, mas não pode ser usado: {error}.",
            "Quem o publicou usou outro formato.",
            "Avise quem distribui o programa.",
            f"GET {channel.address}",
        ) from error
    now = clock()
    known = read_known(folders, channel.key)
    refused = refusal(manifest, known.manifest if known is not None else None, now)
    if refused is not None:
        raise _refused(refused, manifest, now)
    keep_known(folders, data, signature, now)
    return KnownUpdate(manifest, now)


def _refused(why: ManifestRefusal, manifest: Manifest, now: datetime) -> UpdateFailed:
    published = exact(manifest.published_at)
    details = f"versão {manifest.version}, publicada em {published}"
    match why:
        case ManifestRefusal.FUTURE:
            return UpdateFailed(
                FailureKind.INVALID_RESPONSE,
                f"O manifesto das atualizações diz ter sido publicado em {published}, que ainda não chegou.",
                f"Para este computador são {exact(now)}: um dos dois relógios está errado.",
                "Confira a data e a hora deste computador; se estão certas, avise quem distribui o programa.",
                details,
            )
        case ManifestRefusal.REPLAYED:
            return UpdateFailed(
                FailureKind.INVALID_RESPONSE,
                f"O manifesto das atualizações é de {published}, mais antigo do que o que este computador já viu, e "
                "foi recusado.",
                "Uma cópia antiga está sendo entregue (um cache, um espelho atrasado), ou alguém quer esconder a "
                "versão mais nova.",
                f"Procure de novo mais tarde. Se repetir: {_TELL[0].lower()}{_TELL[1:]}",
                details,
                distrusted=True,
            )
        case ManifestRefusal.CHANGED:
            return UpdateFailed(
                FailureKind.INVALID_RESPONSE,
                f"Há dois manifestos diferentes publicados no mesmo momento ({published}), e o segundo foi recusado.",
                "Quem publicou trocou o conteúdo sem trocar a data, ou entrega versões diferentes a cada um.",
                _TELL,
                details,
                distrusted=True,
            )
