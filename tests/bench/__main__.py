"""Takes the measures named on the command line, or all: prints the table, writes build/bench.json; 0 when all hold."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

from tests.bench import report

ROOT = Path(__file__).resolve().parents[2]


def main(names: list[str]) -> int:
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name != "__main__":
            importlib.import_module(f"tests.bench.{module.name}")
    unknown = [name for name in names if name not in report.ALL]
    if unknown:
        known = ", ".join(sorted(report.ALL))
        print(f"Não há medida com o nome {', '.join(unknown)}. As que existem: {known}.", file=sys.stderr)
        return 2
    results: list[report.Result] = []
    for name in names or sorted(report.ALL):
        measure = report.ALL[name]
        print(f"Medindo {name} …", file=sys.stderr, flush=True)
        try:
            results.append(measure.run())
        except report.MeasureFailed as failure:
            print(f"{name}: {failure}", file=sys.stderr)
            results.append(measure.failed())
    print(report.table(results))
    report.keep(results, ROOT / "build" / "bench.json")
    return 0 if all(result.atende for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
