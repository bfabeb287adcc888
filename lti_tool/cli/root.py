"""The root of the command line: one clear line for an error, and what every command shares."""

import json
import logging
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

import click
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from lti_tool.app import build_tool, require_schema
from lti_tool.errors import NotFound, ToolError
from lti_tool.logs import set_up_logs
from lti_tool.models import Blog
from lti_tool.settings import read_settings

R = TypeVar("R")
as_json = click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")


class OneLineErrors(click.Group):
    """Turns our errors into one clear line and exit code 1."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except ToolError as problem:
            raise click.ClickException(f"{problem.what} {problem.do}".strip()) from None
        except OperationalError:
            raise click.ClickException("The database does not answer. Check LTI_TOOL_DATABASE_URL.") from None


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lti-tool")
def main() -> None:
    """A class blog inside the LMS: launched by LTI 1.3, graded at a desk, its scores kept in the gradebook."""
    set_up_logs(logging.WARNING)


def with_tool(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the built tool and its clockwork as first arguments, once the database is set up."""

    @wraps(command)
    def run(*args: object, **kwargs: object) -> R:
        tool, clockwork = build_tool(read_settings())
        require_schema(tool.database)
        return command(tool, clockwork, *args, **kwargs)

    return run


def chosen_blog(session: Session, blog_id: int | None) -> Blog:
    """Return the blog of that number, or the only one there is. Raises NotFound with a list of them."""
    blogs = list(session.scalars(select(Blog).order_by(Blog.id)))
    if blog_id is None and len(blogs) == 1:
        return blogs[0]
    for blog in blogs:
        if blog.id == blog_id:
            return blog
    if not blogs:
        raise NotFound("There is no blog yet.", "Open one from a course page first; a launch makes it.")
    listed = "; ".join(f"{blog.id} {blog.title} ({blog.course.title})" for blog in blogs)
    what = "Say into which blog." if blog_id is None else f"There is no blog {blog_id}."
    raise NotFound(what, f"--blog with one of: {listed}")


def print_facts(facts: Iterable[dict[str, Any]], as_json: bool, line: Callable[[dict[str, Any]], str]) -> None:
    """Print one line for each fact, or all of them as JSON."""
    if as_json:
        click.echo(json.dumps(list(facts), ensure_ascii=False, indent=2))
        return
    for one in facts:
        click.echo(line(one))
