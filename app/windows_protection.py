"""DPAPI with this computer's own key: what it protects, any program of this computer may open, and no other computer.

Who may read the files is told by their folder's permissions, not by this.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import base64
    import binascii

    import pywintypes
    import win32crypt

    from app.computer_vault import CannotOpen

    _PURPOSE = b"Retaguarda: cofre deste computador"
    """Without it nothing opens: other programs' protected data cannot be passed for a secret by mistake."""

    _FLAGS = 0x4 | 0x1
    """CRYPTPROTECT_LOCAL_MACHINE and CRYPTPROTECT_UI_FORBIDDEN of dpapi.h."""

    class WindowsProtection:
        """The Protector of Windows. Needs no user's profile, which a service's account may not have loaded."""

        def protect(self, data: bytes) -> str:
            """The same, protected, as text of one line."""
            sealed = win32crypt.CryptProtectData(data, None, _PURPOSE, None, None, _FLAGS)
            return base64.b64encode(sealed).decode("ascii")

        def unprotect(self, text: str) -> bytes:
            """What was protected. Raises CannotOpen."""
            try:
                sealed = base64.b64decode(text, validate=True)
                return win32crypt.CryptUnprotectData(sealed, _PURPOSE, None, None, _FLAGS)[1]
            except (binascii.Error, pywintypes.error) as error:
                raise CannotOpen from error
