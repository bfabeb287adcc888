"""The command line: the only place where an error becomes an exit code. Every command answers --help."""

from lti_tool.cli import content, running, scores, sync, trust
from lti_tool.cli.root import main

__all__ = ["content", "main", "running", "scores", "sync", "trust"]
