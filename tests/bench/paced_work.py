"""What any program gets from this computer: one millisecond of work asked for so many times a second, and how late
each piece ends.

Started with the pieces a second and the seconds as arguments; writes the 99th percentile, in milliseconds. Nothing is
waited for but the processor, so what is above a few milliseconds is the computer's doing: others that share it.
"""

from __future__ import annotations

import sys
import time

_WORK_S = 0.001


def main(rate: float, seconds: float) -> None:
    turns = _turns_in(_WORK_S)
    durations: list[float] = []
    due = time.perf_counter()
    until = due + seconds
    while due < until:
        time.sleep(max(due - time.perf_counter(), 0.0))
        _work(turns)
        durations.append(time.perf_counter() - due)
        due += 1 / rate
    durations.sort()
    print(durations[int(len(durations) * 0.99)] * 1000)


def _work(turns: int) -> int:
    total = 0
    for number in range(turns):
        total += number * number
    return total


def _turns_in(seconds: float) -> int:
    """How much work takes so long when nobody is in the way: by the fastest of many tries."""
    turns = 1000
    fastest = min(_timed(turns) for _ in range(500))
    return int(turns * seconds / fastest)


def _timed(turns: int) -> float:
    started = time.perf_counter()
    _work(turns)
    return time.perf_counter() - started


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]))
