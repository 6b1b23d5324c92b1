"""Who may use the data and the vault that this computer's users and its service share: permissions of two folders."""

from __future__ import annotations

import hashlib
import struct
import sys
from collections.abc import Iterable

SYSTEM = "S-1-5-18"
ADMINISTRATORS = "S-1-5-32-544"
ALWAYS = (SYSTEM, ADMINISTRATORS)
"""Who has everything in both folders, whoever else is let in."""

ANYBODY = ("S-1-1-0", "S-1-5-4", "S-1-5-11", "S-1-5-32-545")
"""Everyone, whoever is signed in here, whoever is known, and the users of the computer."""

OWNER_RIGHTS = "S-1-3-4"
"""Whoever owns a file, as long as they do."""

_MODIFY = 0x1301BF
"""Reading, writing and deleting, but not giving permissions to others. Everything is "FA"."""


def service_sid(service: str) -> str:
    """The account `NT SERVICE\\…` of a service, as Windows derives it: it is known before the service exists.

    [MS-DTYP] 2.4.2.4 and sc.exe's `showsid`: S-1-5-80 and the SHA-1 of the name in capitals, in five numbers.
    """
    digest = hashlib.sha1(service.upper().encode("utf-16-le"), usedforsecurity=False).digest()
    return "S-1-5-80-" + "-".join(str(number) for number in struct.unpack("<5I", digest))


def permissions(accounts: Iterable[str]) -> str:
    """The security descriptor (SDDL) of a folder, with all in it, for these accounts' SIDs and nobody else.

    The system and the administrators always have everything. Nothing is inherited from above, where ordinary users may
    make and read files. The administrators own it: an owner may change the permissions. Not so the owners of what lies
    in it, who may be kept out one day: an entry for the owner takes the place of what Windows gives them unasked
    ([MS-DTYP] 2.5.3.2), and this one lets them see the permissions (RC) and no more.
    """
    others = dict.fromkeys(account for account in accounts if account not in ALWAYS)
    entries = [("FA", account) for account in ALWAYS] + [(f"{_MODIFY:#x}", account) for account in others]
    entries.append(("RC", OWNER_RIGHTS))
    return f"O:{ADMINISTRATORS}D:P" + "".join(f"(A;OICI;{rights};;;{account})" for rights, account in entries)


if sys.platform == "win32":
    from pathlib import Path

    import pywintypes
    import win32api
    import win32con
    import win32security

    from services import windows_privileges
    from services.windows_refusal import WindowsRefused, refusing

    _FOUND = win32security.OWNER_SECURITY_INFORMATION | win32security.DACL_SECURITY_INFORMATION
    _PERMISSIONS = win32security.DACL_SECURITY_INFORMATION | win32security.PROTECTED_DACL_SECURITY_INFORMATION
    _NO_SUCH_ACCOUNT = (1332, 1337)
    """ERROR_NONE_MAPPED and ERROR_INVALID_SID of winerror.h."""

    def sid_of(account: str) -> str:
        """The SID of a user or group: by its name (also DOMÍNIO\\NOME), or a SID as it is. Raises WindowsRefused.

        The names of Windows' own groups are in the system's language; their SIDs are the same everywhere.
        """
        try:
            if account.upper().startswith("S-1-"):
                sid = win32security.ConvertStringSidToSid(account)
            else:
                sid, _domain, _kind = win32security.LookupAccountName(None, account)
        except pywintypes.error as error:
            if error.winerror in _NO_SUCH_ACCOUNT:
                raise WindowsRefused(
                    f"Este Windows não conhece o usuário ou grupo “{account}”. Escreva o nome como ele aparece em "
                    "“Usuários e Grupos Locais”, ou DOMÍNIO\\NOME."
                ) from error
            raise WindowsRefused(f"O usuário ou grupo “{account}” não pôde ser procurado: {error.strerror}") from error
        return win32security.ConvertSidToStringSid(sid)

    def name_of(sid: str) -> str:
        """The account's name as people know it; the SID itself when nobody has it any more."""
        try:
            name, domain, _kind = win32security.LookupAccountSid(None, win32security.ConvertStringSidToSid(sid))
        except pywintypes.error:
            return sid
        return f"{domain}\\{name}" if domain else name

    def this_user() -> str:
        """The SID of whoever runs this."""
        token = win32security.OpenProcessToken(win32api.GetCurrentProcess(), win32con.TOKEN_QUERY)
        sid, _attributes = win32security.GetTokenInformation(token, win32security.TokenUser)
        return win32security.ConvertSidToStringSid(sid)

    def allowed(folder: Path) -> tuple[str, ...]:
        """The SIDs let in by `allow`, besides those who always are; () when its permissions are not of `allow`.

        What anybody could have written, in a folder that an administrator does not own, counts for nothing; nor does
        whom an administrator refused, or gave less to, by hand: letting in another would let those in too.
        """
        if not folder.is_dir():
            return ()
        with refusing(f"Não foi possível ler as permissões da pasta {folder}"):
            found = win32security.GetNamedSecurityInfo(str(folder), win32security.SE_FILE_OBJECT, _FOUND)
        owner, entries = found.GetSecurityDescriptorOwner(), found.GetSecurityDescriptorDacl()
        is_ours = bool(found.GetSecurityDescriptorControl()[0] & win32security.SE_DACL_PROTECTED)
        if entries is None or not is_ours or win32security.ConvertSidToStringSid(owner) not in ALWAYS:
            return ()
        given = [entries.GetAce(at) for at in range(entries.GetAceCount())]
        sids = [
            win32security.ConvertSidToStringSid(ace[2])
            for ace in given
            if ace[0][0] == win32security.ACCESS_ALLOWED_ACE_TYPE and ace[1] & _MODIFY == _MODIFY
        ]
        return tuple(dict.fromkeys(sid for sid in sids if sid not in ALWAYS))

    def allow(folder: Path, accounts: Iterable[str]) -> None:
        """Make the folder when it is not there, and let in these SIDs, and nobody else. Raises WindowsRefused."""
        with refusing(f"As permissões da pasta {folder} não puderam ser definidas"):
            folder.mkdir(parents=True, exist_ok=True)
            # With these the folder changes hands whoever made it before.
            windows_privileges.switch_on(win32security.SE_TAKE_OWNERSHIP_NAME, win32security.SE_RESTORE_NAME)
            wanted = win32security.ConvertStringSecurityDescriptorToSecurityDescriptor(
                permissions(accounts), win32security.SDDL_REVISION_1
            )
            # The owner first: who made it before may have left the administrators no right to change the permissions,
            # and taking it over is what gives it to them.
            owner, entries = wanted.GetSecurityDescriptorOwner(), wanted.GetSecurityDescriptorDacl()
            for which in (win32security.OWNER_SECURITY_INFORMATION, _PERMISSIONS):
                win32security.SetNamedSecurityInfo(
                    str(folder), win32security.SE_FILE_OBJECT, which, owner, None, entries, None
                )
