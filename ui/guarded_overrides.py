"""Keeps an error inside what Qt calls from ending the process; imported before any such class is made.

Before Python 3.12 an exception that C code raises ("list index out of range", a widget already deleted) is not an
object until somebody catches it, and PySide 6.10 and 6.11 take it for one when it leaves a method that overrides one of
Qt's: the process ends by a segmentation fault, with no word in the log. Caught once and raised again it is an object,
and goes to `sys.excepthook` as every other.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

from shiboken6 import Shiboken


def _guarded(override: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(override)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return override(*args, **kwargs)
        except BaseException:  # catching it is what makes an object of it
            raise

    return guarded


def _guard(cls: type[Any], /, **kwargs: Any) -> None:
    super(Shiboken.Object, cls).__init_subclass__(**kwargs)
    bases = [base for base in cls.__mro__ if base.__module__.startswith("PySide6.")]
    for name, method in list(vars(cls).items()):
        if inspect.isfunction(method) and any(name in vars(base) for base in bases):
            setattr(cls, name, _guarded(method))


if sys.version_info < (3, 12):
    Shiboken.Object.__init_subclass__ = classmethod(_guard)  # type: ignore[assignment]
