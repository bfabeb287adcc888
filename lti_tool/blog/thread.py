"""The arithmetic of a thread's paths: pure, text in and text out.

A path is the numbers of a comment's ancestors and its own, six digits each, root first: `000003000017`. All segments
have the same width and are digits only, so paths sort as text in reading order under any collation.
"""

SEGMENT_WIDTH = 6
LEVELS = 10
HIGHEST_NUMBER = 10**SEGMENT_WIDTH - 1


def path_under(parent_path: str, number: int) -> str:
    """Return the path of comment `number` below `parent_path` ("" for a top-level comment).

    Below the tenth level a comment hangs on the deepest ancestor that still leaves room for it.
    Raises ValueError if the number is not 1..999999.
    """
    if not 1 <= number <= HIGHEST_NUMBER:
        raise ValueError(f"a comment's number is 1 to {HIGHEST_NUMBER}, not {number}")
    return hanging_place(parent_path) + f"{number:0{SEGMENT_WIDTH}d}"


def hanging_place(parent_path: str) -> str:
    """Return the path of the comment that a reply to `parent_path` hangs on: itself, or its deepest fit ancestor."""
    return parent_path[: (LEVELS - 1) * SEGMENT_WIDTH]


def depth(path: str) -> int:
    """Return how many ancestors a comment has: 0 for a top-level one."""
    return len(path) // SEGMENT_WIDTH - 1


def numbers(path: str) -> tuple[int, ...]:
    """Return the comment numbers from the root down to the comment itself."""
    return tuple(int(path[at : at + SEGMENT_WIDTH]) for at in range(0, len(path), SEGMENT_WIDTH))


def ancestor_paths(path: str) -> tuple[str, ...]:
    """Return the paths of all ancestors, root first, the comment itself left out."""
    return tuple(path[:end] for end in range(SEGMENT_WIDTH, len(path), SEGMENT_WIDTH))


def branch_bounds(path: str) -> tuple[str, str]:
    """Return (first, after): the comment and every descendant p satisfy first <= p < after.

    The end is the next number at the same level, never a prefix with a high character: where such a character sorts
    depends on the collation.
    """
    head, last = path[:-SEGMENT_WIDTH], int(path[-SEGMENT_WIDTH:])
    if last == HIGHEST_NUMBER:
        raise ValueError("no number after the highest")
    return path, head + f"{last + 1:0{SEGMENT_WIDTH}d}"
