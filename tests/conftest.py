"""What all tests share. The fixtures are told in the modules that they come from."""

pytest_plugins = ["tests.browser", "tests.postgres"]
