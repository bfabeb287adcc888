"""Builds the practice LMS as a Flask application."""

from pathlib import Path

from flask import Flask

from .course import ToolAddresses
from .launches import launch_room
from .pages import page_room
from .practice import practice_room
from .school import PracticeSchool
from .services import record_calls
from .tokens import token_room


def create_practice_lms(folder: Path, public_url: str, tool: ToolAddresses, accent: str = "canvas") -> Flask:
    """A small LTI 1.3 platform that speaks like Canvas or Moodle; the same folder brings back the same school."""
    app = Flask(__name__, static_folder="static", template_folder="templates")
    school = PracticeSchool(folder, public_url, tool, accent)
    app.extensions["practice_lms"] = school
    record_calls(app, school)
    app.register_blueprint(launch_room(school))
    app.register_blueprint(token_room(app, school))
    app.register_blueprint(school.accent.services(school))
    app.register_blueprint(page_room(school))
    app.register_blueprint(practice_room(school))
    return app
