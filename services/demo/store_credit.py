"""The store credit and the mobiles of the demonstration's customers. Everything is made up.

Mobiles begin with 9 0000, which no operator has; days are counted from the day on which the demonstration is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from app.policies import InstalmentSituation


@dataclass(frozen=True)
class DemoInstalment:
    """One instalment of a customer, by its code in the example; `due_in` days from today, negative when it is late."""

    customer: int
    contract: str
    due_in: int
    amount: Decimal
    paid: Decimal = Decimal("0.00")
    situation: InstalmentSituation = InstalmentSituation.OPEN

    def due_on(self, today: date) -> date:
        """The day on which it is due."""
        return today + timedelta(days=self.due_in)


@dataclass(frozen=True)
class DemoMobile:
    """The mobile of a customer, how it agreed to messages ("" when it did not), and whether WhatsApp reaches it."""

    customer: int
    number: str
    consent: str
    reached: bool = True


_AGREED = "No balcão, ao abrir a ordem de serviço"

INSTALMENTS = (
    DemoInstalment(101, "8801/1", -62, Decimal("940.00"), Decimal("940.00"), InstalmentSituation.PAID),
    DemoInstalment(101, "8801/2", 12, Decimal("940.00")),
    DemoInstalment(102, "8815/1", -41, Decimal("1850.00"), Decimal("600.00")),
    DemoInstalment(102, "8815/2", -12, Decimal("1850.00")),
    DemoInstalment(102, "8815/3", 18, Decimal("1850.00")),
    DemoInstalment(103, "8822/1", 0, Decimal("310.50")),
    DemoInstalment(104, "8830/1", -90, Decimal("2200.00"), situation=InstalmentSituation.RENEGOTIATED),
    DemoInstalment(104, "8841/1", 5, Decimal("1150.00")),
    DemoInstalment(105, "8852/1", -30, Decimal("760.00"), situation=InstalmentSituation.CANCELLED),
    DemoInstalment(106, "8860/1", -8, Decimal("420.00"), Decimal("416.50")),
    DemoInstalment(109, "8871/1", -25, Decimal("185.90")),
    DemoInstalment(115, "8885/1", -3, Decimal("5400.00")),
    DemoInstalment(121, "8890/1", -120, Decimal("12750.00"), Decimal("2750.00")),
)

MOBILES = (
    DemoMobile(101, "19900001101", _AGREED),
    DemoMobile(102, "16900001102", _AGREED),
    DemoMobile(103, "15900001103", ""),
    DemoMobile(106, "62900001106", _AGREED),
    DemoMobile(109, "64900001109", _AGREED),
    DemoMobile(115, "34900001115", _AGREED, reached=False),
)
