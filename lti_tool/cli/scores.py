"""Commands about scores that come from elsewhere."""

import json
import sys
from decimal import Decimal
from typing import Any, BinaryIO

import click
from sqlalchemy.orm import Session

from lti_tool.cli.root import as_json, chosen_blog, main, with_tool
from lti_tool.participation.score_file import LARGEST_FILE_BYTES, ScoreFile, read_scores, score_text
from lti_tool.participation.score_import import Change, PlannedScore, ScorePlan, apply_plan, plan_scores
from lti_tool.participation.scoring import lock_scores
from lti_tool.tool import Tool
from lti_tool.wording import points
from lti_tool.worker import Clockwork


@main.group()
def scores() -> None:
    """Scores from elsewhere."""


@scores.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--blog", "blog_id", type=int, help="Number of the blog; not needed if there is one.")
@click.option("--dry-run", is_flag=True, help="Store nothing; show what each line would do.")
@click.option("--skip-problems", is_flag=True, help="Leave out the lines that cannot be taken, and set the others.")
@as_json
@with_tool
def import_scores(
    tool: Tool,
    clockwork: Clockwork,
    file: BinaryIO,
    blog_id: int | None,
    dry_run: bool,
    skip_problems: bool,
    as_json: bool,
) -> None:
    """Set scores from a CSV file (person, points, comment); they count as the teacher's own."""
    found = read_scores(score_text(file.read(LARGEST_FILE_BYTES + 1)))
    transaction = tool.database.reading() if dry_run else tool.database.writing()
    with transaction as session:
        plan = _plan(session, found, blog_id, tool, store=not dry_run, skip_problems=skip_problems)
    _print(plan, as_json)
    stopped = bool(plan.problems) and not skip_problems
    if not dry_run and not stopped:
        clockwork.ring()
    click.echo(_outcome(plan, dry_run, stopped), err=as_json or stopped)
    if stopped:
        sys.exit(1)


def _plan(
    session: Session, found: ScoreFile, blog_id: int | None, tool: Tool, *, store: bool, skip_problems: bool
) -> ScorePlan:
    """What the file does, and do it if it is to be stored and nothing is in the way."""
    blog = chosen_blog(session, blog_id).id
    if store:
        lock_scores(session, blog)
    plan = plan_scores(session, blog, found)
    if store and (skip_problems or not plan.problems):
        apply_plan(session, blog, plan, None, tool.clock(), skip_problems)
    return plan


def _print(plan: ScorePlan, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_as_json(row) for row in plan.rows], ensure_ascii=False, indent=2))
    for row in plan.rows:
        is_problem = row.change is Change.PROBLEM
        if is_problem or not as_json:
            click.echo(_as_text(row), err=is_problem)


def _outcome(plan: ScorePlan, dry_run: bool, stopped: bool) -> str:
    left = f" {plan.left_alone} without points left alone." if plan.left_alone else ""
    if stopped:
        count = len(plan.problems)
        return f"Nothing is stored: {count} {'line' if count == 1 else 'lines'} cannot be taken.{left}"
    what = "would be set" if dry_run else "set"
    same = sum(row.change is Change.SAME for row in plan.rows)
    skipped = f", {len(plan.problems)} left out" if plan.problems else ""
    return f"{len(plan.to_set)} {what}, {same} as they stand already{skipped}.{left}"


def _as_text(row: PlannedScore) -> str:
    if row.change is Change.PROBLEM:
        return f"line {row.line}  {row.name}  {row.change.value}: {row.reason}"
    old, new = _shown(row.old, row.was_excused), _shown(row.points, row.points is None)
    comment = f"  {' '.join(row.comment.split())}" if row.comment else ""
    return f"line {row.line}  {row.name}  {old} -> {new}  {row.change.value}{comment}"


def _shown(score: Decimal | None, is_excused: bool) -> str:
    return "excused" if is_excused else points(score)


def _as_json(row: PlannedScore) -> dict[str, Any]:
    return {
        "line": row.line,
        "person": row.person_key,
        "name": row.name,
        "old": None if row.old is None else float(row.old),
        "was_excused": row.was_excused,
        "new": None if row.points is None else float(row.points),
        "comment": row.comment,
        "change": row.change.value,
        "reason": row.reason,
    }
