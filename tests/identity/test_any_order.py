"""In whatever order links are copied, opened, written behind and decided on, nobody reads another course's writing
unless a teacher chose the same conversation."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lti_tool.database import Database
from lti_tool.errors import NotAllowed, Rejected
from lti_tool.identity.copies import CopyUse
from lti_tool.models import Blog
from tests.identity.a_district import TEACHER, District, Link, a_district

Step = tuple[str, int, int]
STEPS = (
    "copy", "copy", "twin", "open", "write", "write", "teach", "same", "same", "new", "blank", "lay_out", "by_hand",
    "take_same", "take_like",
)  # fmt: skip


@dataclass
class Played:
    """A district as a run of steps leaves it, and which links teachers have led to one conversation."""

    district: District
    links: list[Link] = field(default_factory=list)
    groups: list[set[str]] = field(default_factory=list)
    written: dict[str, Link] = field(default_factory=dict)
    taught: set[str] = field(default_factory=set)

    def play(self, step: Step) -> None:
        what, number, other = step
        link = self.links[number % len(self.links)]
        getattr(self, f"_{what}")(link, other)

    def _copy(self, link: Link, _other: int) -> None:
        course = self.district.course(link.course)
        self.links += [self.district.copy_of(one, course) for one in self.links if one.course == link.course]

    def _twin(self, link: Link, _other: int) -> None:
        self.links.append(self.district.copy_of(link, link.course))

    def _open(self, link: Link, _other: int) -> None:
        self.district.open(link)

    def _teach(self, link: Link, _other: int) -> None:
        self.taught.add(link.course)
        self.district.open(link, TEACHER)

    def _write(self, link: Link, _other: int) -> None:
        text = f"text {len(self.written)}"
        self.written[text] = link
        self.district.write(link, text)

    def _by_hand(self, link: Link, other: int) -> None:
        self.links.append(self.district.link(link.course, f"Blog {other % 2}"))

    def _lay_out(self, link: Link, _other: int) -> None:
        self.links.append(self.district.lay_out(link.course))

    def _take_same(self, link: Link, other: int) -> None:
        self._take(link, other, same=True)

    def _take_like(self, link: Link, other: int) -> None:
        self._take(link, other, same=False)

    def _take(self, link: Link, other: int, *, same: bool) -> None:
        blogs = sorted({blog for _, _, blog in self.district.placed() if self.district.home_of(blog) == link.course})
        if blogs:
            self.links.append(self.district.take(link.course, blogs[other % len(blogs)], same=same))

    def _new(self, link: Link, _other: int) -> None:
        self._settle(link, CopyUse.NEW_TERM)

    def _blank(self, link: Link, _other: int) -> None:
        self._settle(link, CopyUse.BLANK)

    def _same(self, link: Link, _other: int) -> None:
        self._settle(link, CopyUse.SAME_CONVERSATION)

    def _settle(self, link: Link, use: CopyUse) -> None:
        visitor = self.district.open(link, TEACHER).visitor
        self.taught.add(link.course)
        origin = self.district.blog(visitor.blog_id).copied_from_id
        meant = {key for _, key, blog in self.district.placed() if blog in (visitor.blog_id, origin)}
        try:
            self.district.settle(visitor, use)
        except (Rejected, NotAllowed):
            return
        if use is CopyUse.SAME_CONVERSATION:
            assert origin is not None
            assert self.district.home_of(origin) in self.taught, "who shares must teach there too"
            self.groups.append(meant)

    def allowed(self) -> dict[str, set[str]]:
        """By link, the links whose writing it may show: one conversation of its own course, or what was chosen."""
        placed = self.district.placed()
        groups = [{key} for _, key, _ in placed] + [set(group) for group in self.groups]
        for course, _, blog in placed:
            groups.append({key for one, key, of in placed if (one, of) == (course, blog)})
        joined: dict[str, set[str]] = {}
        for group in groups:
            merged = set().union(group, *(joined.get(key, set()) for key in group))
            joined |= dict.fromkeys(merged, merged)
        return joined

    def check(self) -> None:
        allowed = self.allowed()
        for course, link, _, text in self.district.texts():
            author = self.written[text]
            assert author.key in allowed[link], f"{text} of {author} shows under {link} in {course}"
        shown = {(link, text) for _, link, _, text in self.district.texts()}
        for text, link in self.written.items():
            assert (link.key, text) in shown, f"{text} no longer shows where it was written"


def courses_apart(played: Played) -> None:
    """Without any choice, no text shows outside its course."""
    for course, _, _, text in played.district.texts():
        assert played.written[text].course == course


steps = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 30), st.integers(0, 5)), min_size=3, max_size=14)
PLAYS = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def played(database: Database, wanted: list[Step]) -> Played:
    district = a_district(database)
    course = district.course()
    game = Played(district, [district.lay_out(course), district.link(course, "Blog 0")])
    for step in wanted:
        game.play(step)
        game.check()
    return game


@PLAYS
@given(steps)
@example([("copy", 0, 0), ("write", 0, 0), ("same", 2, 0), ("write", 2, 0)])
@example([("copy", 0, 0), ("write", 0, 0), ("teach", 0, 0), ("same", 2, 0), ("copy", 2, 0), ("write", 4, 0)])
@example(
    [("copy", 0, 0), ("teach", 0, 0), ("copy", 2, 0), ("teach", 2, 0), ("same", 4, 0), ("same", 2, 0), ("write", 0, 0)]
)
def test_nothing_shows_in_another_course_but_by_choice(shared_database: Database, wanted: list[Step]) -> None:
    played(shared_database, wanted)


@PLAYS
@given(steps)
def test_nothing_shows_in_another_course_where_nobody_chose(shared_database: Database, wanted: list[Step]) -> None:
    courses_apart(played(shared_database, [step for step in wanted if step[0] != "same"]))


@PLAYS
@given(steps)
def test_nothing_reaches_another_deployment(shared_database: Database, wanted: list[Step]) -> None:
    """A second school on the same platform, with the same ids of courses, links and contents."""
    first = played(shared_database, wanted)
    second = a_district(shared_database, first.district.platform_id)
    second.histories = dict(first.district.histories)
    for link in first.links:
        visitor = second.open(link, TEACHER).visitor
        assert second.home_of(visitor.blog_id) == link.course
        with shared_database.reading() as session:
            copied_from = session.get_one(Blog, visitor.blog_id).copied_from_id
            if copied_from is not None:
                assert session.get_one(Blog, copied_from).course.deployment_id == second.deployment_id
    assert second.texts() == []


@pytest.mark.parametrize("copy_first", [False, True])
@pytest.mark.parametrize("by_hand", [False, True])
def test_the_shortest_cases(shared_database: Database, copy_first: bool, by_hand: bool) -> None:
    """Both orders, each of an original and its copy, so that they are always tried."""
    number = 1 if by_hand else 0
    order = (number + 2, number) if copy_first else (number, number + 2)
    game = played(shared_database, [("copy", 0, 0), *(("write", link, 0) for link in order)])
    courses_apart(game)
    assert len(game.district.texts()) == 2
