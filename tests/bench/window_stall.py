"""janela_travamento: the longest time for which the window answers nothing while it consults."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from tests.bench.demo_place import demo_place
from tests.bench.report import Measured, MeasureFailed, bench
from tests.bench.window_start import screen

ROOT = Path(__file__).resolve().parents[2]
_CONSULTATIONS = 200
_TIMEOUT_S = 300


@bench(
    "janela_travamento",
    unidade="ms",
    meta=50.0,
    o_que="maior parada da janela real em 200 consultas, depois de aquecida; mediana de 3 rodadas",
)
def window_stall() -> Measured:
    with demo_place(_CONSULTATIONS) as place, screen() as environment:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.bench.consulting_window", str(place.backoffice.folders.data)],
            cwd=ROOT,
            env=environment,
            input="\n".join([*place.key, *map(str, place.customers)]),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    if ran.returncode != 0 or not ran.stdout:
        raise MeasureFailed(f"a janela terminou com {ran.returncode}: {ran.stderr.strip()[-2000:]}")
    found = json.loads(ran.stdout)
    stalls = ", ".join(f"{stall:.1f}" for stall in found["paradas"])
    print(f"  sem consultas {found['ocioso']:.1f} ms; rodadas {stalls} ms", file=sys.stderr)
    return Measured(median(found["paradas"]))
