"""A small LTI 1.3 platform for the demo and the tests: it stands for Canvas or Moodle and misbehaves on request."""

from .app import create_practice_lms
from .course import CLIENT_ID, DEPLOYMENT_ID, ToolAddresses
from .school import PracticeSchool

__all__ = ["CLIENT_ID", "DEPLOYMENT_ID", "PracticeSchool", "ToolAddresses", "create_practice_lms"]
