"""The least a PySide6 program does: an empty main window. Prints `pintada` after its first paint and ends.

The peer that the start of Retaguarda's window is measured against, in a process of its own.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QMainWindow


class BareWindow(QMainWindow):
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        QTimer.singleShot(0, self, self.report)

    def report(self) -> None:
        print("pintada", flush=True)
        QApplication.quit()


def main() -> int:
    application = QApplication(sys.argv)
    window = BareWindow()
    window.resize(1100, 700)
    window.show()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
