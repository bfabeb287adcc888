"""The arithmetic of paths: whatever the thread, text order is reading order."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.blog.thread import (
    HIGHEST_NUMBER,
    LEVELS,
    SEGMENT_WIDTH,
    ancestor_paths,
    branch_bounds,
    depth,
    hanging_place,
    numbers,
    path_under,
)

Tree = dict[int, int | None]  # each comment's number and the number it answers


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A thread as it grows: each comment answers an earlier one, or the post. Many chains, so that it is deep."""
    size = draw(st.integers(1, 40))
    tree: Tree = {}
    for number in range(1, size + 1):
        choices: list[int | None] = [None, *tree] if draw(st.booleans()) else [number - 1 or None]
        tree[number] = draw(st.sampled_from(choices))
    return tree


def hung(tree: Tree) -> Tree:
    """The tree as it is kept: what would stand below the tenth level hangs on the deepest ancestor that is fit."""
    kept: Tree = {}
    levels: dict[int, int] = {}
    for number, answered in tree.items():
        parent = answered
        while parent is not None and levels[parent] == LEVELS:
            parent = kept[parent]
        kept[number] = parent
        levels[number] = 1 if parent is None else levels[parent] + 1
    return kept


def depth_first(tree: Tree, root: int | None = None) -> Iterator[int]:
    for number, parent in tree.items():
        if parent == root:
            yield number
            yield from depth_first(tree, number)


def paths_of(tree: Tree) -> dict[int, str]:
    paths: dict[int, str] = {}
    for number, answered in tree.items():
        paths[number] = path_under(paths[answered] if answered else "", number)
    return paths


@settings(deadline=None)
@given(trees())
def test_paths_sort_depth_first(tree: Tree) -> None:
    paths = paths_of(tree)
    assert sorted(paths, key=paths.__getitem__) == list(depth_first(hung(tree)))


@settings(deadline=None)
@given(trees())
def test_a_path_is_the_way_down(tree: Tree) -> None:
    kept, paths = hung(tree), paths_of(tree)
    for number, path in paths.items():
        way = [number]
        while (parent := kept[way[0]]) is not None:
            way.insert(0, parent)
        assert numbers(path) == tuple(way)
        assert depth(path) == len(way) - 1 < LEVELS
        assert ancestor_paths(path) == tuple(paths[ancestor] for ancestor in way[:-1])


@settings(deadline=None)
@given(trees())
def test_branch_bounds_hold_the_branch_and_nothing_else(tree: Tree) -> None:
    kept, paths = hung(tree), paths_of(tree)
    for number, path in paths.items():
        first, after = branch_bounds(path)
        inside = {other for other, its_path in paths.items() if first <= its_path < after}
        assert inside == {number, *depth_first(kept, number)}


@given(st.integers(1, HIGHEST_NUMBER), st.integers(1, HIGHEST_NUMBER))
def test_paths_sort_as_their_numbers(one: int, other: int) -> None:
    assert (path_under("", one) < path_under("", other)) is (one < other)


@pytest.mark.parametrize("number", [0, -1, HIGHEST_NUMBER + 1])
def test_numbers_without_a_place(number: int) -> None:
    with pytest.raises(ValueError, match="1 to 999999"):
        path_under("", number)


def test_the_first_and_the_last_number() -> None:
    assert path_under("", 1) == "000001"
    assert path_under("000001", HIGHEST_NUMBER) == "000001999999"
    with pytest.raises(ValueError, match="no number after"):
        branch_bounds("000001999999")


def test_ten_levels_and_no_more() -> None:
    path = ""
    for number in range(1, LEVELS + 1):
        path = path_under(path, number)
    assert depth(path) == LEVELS - 1
    assert hanging_place(path) == path[:-SEGMENT_WIDTH]
    below = path_under(path, LEVELS + 1)
    assert depth(below) == LEVELS - 1
    assert numbers(below) == (*range(1, LEVELS), LEVELS + 1)


def test_every_depth_hangs_on_itself_until_the_ninth() -> None:
    for levels, number in itertools.product(range(1, LEVELS), [1, 42]):
        path = "".join(f"{number:06d}" for _ in range(levels))
        assert hanging_place(path) == path
