pytest_plugins = ["streams.testing"]
