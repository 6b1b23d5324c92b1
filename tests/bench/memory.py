"""memoria_10000 and cpu_10000: ten thousand consultations in one process, as a service makes in some weeks."""

from __future__ import annotations

import functools
import gc
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from tests.bench.consultation_cpu import bare_post, context_of, in_turn, requests_about
from tests.bench.demo_place import demo_place
from tests.bench.report import Measured, MeasureFailed, bench

_CONSULTATIONS = 10_000
_BATCH = 1_000
_STATM = Path("/proc/self/statm")
_MB = 1024 * 1024


@dataclass(frozen=True)
class _Run:
    """What a run of all batches showed: memory after each one, and the processor's time as `in_turn` tells it."""

    resident_mb: list[float]
    cpu_ms: list[tuple[float, float]]


@bench(
    "memoria_10000",
    unidade="MB",
    meta=5.0,
    o_que="memória residente: quanto cresce da consulta 1.000 à 10.000, de clientes diferentes, em um processo",
)
def memory() -> Measured:
    resident = _run().resident_mb
    return Measured(resident[-1] - resident[0])


@bench(
    "cpu_10000",
    unidade="ms",
    meta=3.0,
    o_que="processador por consulta inteira, nas 10.000 de memoria_10000; referência: a de consulta_cpu",
)
def cpu() -> Measured:
    cpu_ms = _run().cpu_ms
    return Measured(median(ours for ours, _ in cpu_ms), median(bare for _, bare in cpu_ms))


@functools.cache
def _run() -> _Run:
    if not _STATM.exists():
        raise MeasureFailed("a memória residente só é lida no Linux")
    resident: list[float] = []
    cpu_ms: list[tuple[float, float]] = []
    print(f"  cadastrando {_CONSULTATIONS} clientes …", file=sys.stderr, flush=True)
    with demo_place(_CONSULTATIONS) as place:
        requests = requests_about(place)
        in_turn(place, requests[:1], lambda: None)
        with httpx.Client(verify=context_of(place), trust_env=False) as client:
            post = bare_post(place, client)
            for start in range(0, _CONSULTATIONS, _BATCH):
                cpu_ms.append(in_turn(place, requests[start : start + _BATCH], post))
                gc.collect()
                resident.append(_resident_mb())
                made = start + _BATCH
                print(f"  {made} consultas: {resident[-1]:.1f} MB", file=sys.stderr, flush=True)
    return _Run(resident, cpu_ms)


def _resident_mb() -> float:
    pages = int(_STATM.read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MB
