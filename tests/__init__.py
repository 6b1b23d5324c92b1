"""The tests, mirroring the folders of the code; `bench` measures instead of checking."""
