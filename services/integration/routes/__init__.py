"""The routes of the first version, under `/v1`: each module has `add(router, desk)` and declares its own."""
