"""The tests. A package, so that they import each other by name: `from tests.postgres import …`."""
