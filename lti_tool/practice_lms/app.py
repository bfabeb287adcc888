"""Builds the practice LMS as a Flask application."""

from pathlib import Path

from flask import Flask

from .admin import admin_room
from .course import ToolAddresses
from .dialogues import dialogue_room
from .launches import launch_room
from .pages import page_room
from .places import keep_courses_in_addresses
from .practice import practice_room
from .review_pages import review_room
from .school import PracticeSchool
from .services import record_calls
from .storage import storage_room
from .teaching import teaching_room
from .tokens import token_room


def create_practice_lms(folder: Path, public_url: str, tool: ToolAddresses, accent: str = "canvas") -> Flask:
    """A small LTI 1.3 platform that speaks like Canvas or Moodle; the same folder brings back the same school."""
    app = Flask(__name__, static_folder="static", template_folder="templates")
    school = PracticeSchool(folder, public_url, tool, accent)
    app.extensions["practice_lms"] = school
    keep_courses_in_addresses(app, school)
    record_calls(app, school)
    app.register_blueprint(launch_room(school))
    app.register_blueprint(token_room(app, school))
    app.register_blueprint(school.accent.services(school))
    app.register_blueprint(school.accent.registration(school))
    app.register_blueprint(admin_room(school))
    app.register_blueprint(dialogue_room(school))
    app.register_blueprint(teaching_room(school))
    app.register_blueprint(page_room(school))
    app.register_blueprint(review_room(school))
    app.register_blueprint(storage_room(school))
    app.register_blueprint(practice_room(school))
    return app
