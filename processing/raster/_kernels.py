"""Patches of equal value in rasters of levels: found, counted, compared and painted, pixel by pixel in compiled code.

Every function here takes C-ordered int32 rasters and is compiled by numba when it is first called; the machine code is kept beside
this module (or in the user's cache folder) for the next process. None holds Python's lock.

`label` numbers patches from 1 in the order of their first pixels, row by row. `largest_neighbours` and `goals` follow what
``gdal_sieve`` documents and does: of the neighbours of a patch the largest counts, the one met first among equals; a small patch joins it,
or the first patch in the chain of largest neighbours that is large enough; where there is none it stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numba
import numpy as np

Array = np.ndarray[Any, Any]
NOTHING = -(2**31)
"""Level of a pixel that belongs to no patch."""


def _compiled(function: Callable[..., Any], inline: Literal["never", "always"] = "never") -> Any:
    """Machine code, kept for the next process where the disk lets us. What is called for every pixel is to be ``inline`` (``always``):
    a call out of the loop costs several times what the loop itself does."""
    try:
        return numba.njit(cache=True, nogil=True, inline=inline)(function)
    except RuntimeError:
        return numba.njit(nogil=True, inline=inline)(function)


def _find(parent: Array, one: int) -> int:
    while parent[one] != one:
        parent[one] = parent[parent[one]]
        one = parent[one]
    return one


_root = _compiled(_find)


def _join(parent: Array, one: int, other: int) -> int:
    """Join two sets, 0 being none; the earlier root stays one."""
    first, second = other, other
    if one != 0 and one != other:
        first, second = _root(parent, one), _root(parent, other)
    if first < second:
        parent[second] = first
    elif second < first:
        parent[first] = second
    return min(first, second)


_joined = _compiled(_join, "always")


def _scan(levels: Array, corners: bool, labels: Array, parent: Array) -> int:
    """First numbers, joined in ``parent``; returns how many."""
    count = 0
    height, width = levels.shape
    for y in range(height):
        above, upper = levels[max(y - 1, 0)], labels[max(y - 1, 0)]
        here, last = 0, NOTHING
        for x in range(width):
            level = levels[y, x]
            here = here if level == last else 0
            last = level
            if y > 0 and level != NOTHING:
                if above[x] == level:
                    here = _joined(parent, here, upper[x])
                if corners and x > 0 and above[x - 1] == level:
                    here = _joined(parent, here, upper[x - 1])
                if corners and x + 1 < width and above[x + 1] == level:
                    here = _joined(parent, here, upper[x + 1])
            if here == 0 and level != NOTHING:
                count += 1
                parent[count] = count
                here = count
            labels[y, x] = here
    return count


_scanned = _compiled(_scan)


def _label(levels: Array, corners: bool, labels: Array) -> tuple[Array, Array, Array]:
    """Number the patches of ``levels`` into ``labels`` (0 for `NOTHING`); returns for each number, and for 0, how many pixels it has, its
    first pixel (rows × columns flattened) and its last row. ``corners`` joins pixels that touch by a corner as well."""
    height, width = levels.shape
    parent = np.empty(height * width + 1, np.int32)
    count = _scanned(levels, corners, labels, parent)
    parent[0] = found = 0
    for number in range(1, count + 1):
        # a root comes before its set, so what it was given is there already
        if parent[number] == number:
            found += 1
            parent[number] = found
        else:
            parent[number] = parent[parent[number]]
    sizes, firsts, lasts = np.zeros(found + 1, np.int64), np.full(found + 1, -1, np.int64), np.full(found + 1, -1, np.int32)
    for y in range(height):
        for x in range(width):
            number = parent[labels[y, x]]
            labels[y, x] = number
            sizes[number] += 1
            lasts[number] = y
            if firsts[number] < 0:
                firsts[number] = y * width + x
    return sizes, firsts, lasts


label = _compiled(_label)


def _largest_neighbours(labels: Array, sizes: Array, small: int, corners: bool) -> Array:
    """For each patch of fewer than ``small`` pixels its largest neighbour, the first met among equals; 0 if it has none or is large."""
    best = np.zeros(len(sizes), np.int32)
    # nothing is larger than what a large patch is said to know
    known = np.where(sizes < small, 0, np.iinfo(np.int64).max)
    height, width = labels.shape
    for y in range(height):
        row, above = labels[y], labels[max(y - 1, 0)]
        ways = 4 if corners and y > 0 else 2
        for x in range(width):
            here = row[x]
            # above, with corners its left and its right, and left last; beyond the edge is a pixel that was met already
            for way in range(ways):
                if way == 0:
                    other = above[x]
                elif way == ways - 1:
                    other = row[max(x - 1, 0)]
                else:
                    other = above[max(x - 1, 0)] if way == 1 else above[min(x + 1, width - 1)]
                if here != other and here != 0 and other != 0:
                    if known[here] < sizes[other]:
                        best[here], known[here] = other, sizes[other]
                    if known[other] < sizes[here]:
                        best[other], known[other] = here, sizes[here]
    return best


largest_neighbours = _compiled(_largest_neighbours)


def _goals(best: Array, sizes: Array, firsts: Array, small: int, low: int, high: int) -> Array:
    """Where the chain of largest neighbours leads: to the number of a patch that is large enough, to ``len(best)`` if to none, or to
    ``-number`` of a small patch whose first pixel is not in ``low … high − 1``, whose neighbours are another's to know."""
    lost, walked = len(best), -len(best)
    goal = np.zeros(len(best), np.int64)
    for number in range(1, lost):
        if sizes[number] >= small:
            goal[number] = number
        elif not low <= firsts[number] < high:
            goal[number] = -number
    for number in range(1, lost):
        step = number
        while goal[step] == 0:
            goal[step] = walked
            if best[step] == 0:
                break
            step = best[step]
        end = lost if goal[step] == walked else goal[step]
        step = number
        while goal[step] == walked:
            goal[step] = end
            step = best[step]
    return goal


goals = _compiled(_goals)


def _runs(image: Array, row: int) -> tuple[Array, Array, Array]:
    """Stretches of equal numbers above 0 in each row: number, first pixel and the one after the last, of a raster in which ``image``
    begins at ``row``."""
    height, width = image.shape
    count = 0
    for y in range(height):
        for x in range(width):
            if image[y, x] > 0 and (x == 0 or image[y, x - 1] != image[y, x]):
                count += 1
    numbers, starts, stops = np.empty(count, np.int32), np.empty(count, np.int64), np.empty(count, np.int64)
    place = -1
    for y in range(height):
        for x in range(width):
            if image[y, x] > 0:
                if x == 0 or image[y, x - 1] != image[y, x]:
                    place += 1
                    numbers[place] = image[y, x]
                    starts[place] = (row + y) * width + x
                stops[place] = (row + y) * width + x + 1
    return numbers, starts, stops


runs = _compiled(_runs)


def _paint(image: Array, row: int, col: int, width: int, stretches: tuple[Array, Array, Array]) -> None:
    """Write stretches (as `runs` gives them, of a raster of ``width`` columns) into ``image``, which begins at ``row`` and ``col``."""
    numbers, starts, stops = stretches
    for place in range(len(numbers)):
        y = starts[place] // width
        left = starts[place] - y * width - col
        for x in range(left, left + stops[place] - starts[place]):
            image[y - row, x] = numbers[place]


paint = _compiled(_paint)


def _holds(image: Array, y: int, x: int, number: int) -> bool:
    return bool(0 <= y < image.shape[0] and 0 <= x < image.shape[1] and image[y, x] == number)


_held = _compiled(_holds)


def _turn(image: Array, corner: tuple[int, int], way: tuple[int, int], number: int) -> int:
    """Where the edge goes on from a corner of pixels: −1 left, 0 straight, 1 right."""
    y, x = corner
    east, south = way
    if _held(image, y - (1 if south < 0 or east > 0 else 0), x - (1 if east < 0 or south < 0 else 0), number):
        return -1
    return 0 if _held(image, y - (1 if south < 0 or east < 0 else 0), x - (1 if east < 0 or south > 0 else 0), number) else 1


_turned = _compiled(_turn)


def _walk(image: Array, seen: Array, place: tuple[int, int], points: Array, count: int) -> int:
    """Follow the edge of a patch with the patch at the right hand, from the upper left corner of a pixel eastwards; writes its corners from
    ``count`` on and closes the ring. Where two pixels of the patch touch by a corner the way leads from one to the other, so that
    rings touch but never cross. Returns how many points there are then."""
    number = image[place]
    y, x, east, south = place[0], place[1], 1, 0
    while True:
        points[count, 0], points[count, 1] = x, y
        count += 1
        turn = 0
        while turn == 0:
            if east == 1:
                seen[y, x] = True
            x, y = x + east, y + south
            turn = _turned(image, (y, x), (east, south), number)
        east, south = -turn * south, turn * east
        if east == 1 and y == place[0] and x == place[1]:
            points[count, 0], points[count, 1] = x, y
            return count + 1


_walked = _compiled(_walk)


def _rings(image: Array) -> tuple[Array, Array, Array]:
    """Rings around the patches of equal numbers above 0: corners (x, y) in pixels, where each ring begins among them (and where the last
    ends), and its number. The outer ring of a patch comes before those of its holes."""
    height, width = image.shape
    # a ring has no more corners than edges from west to east and back, each with one that leads on, and its end
    edges = 0
    for y in range(height):
        for x in range(width):
            if image[y, x] > 0 and not _held(image, y - 1, x, image[y, x]):
                edges += 1
    points, starts, numbers = np.empty((5 * edges, 2), np.int32), np.zeros(edges + 1, np.int64), np.empty(edges, np.int32)
    seen = np.zeros(image.shape, np.bool_)
    count = found = 0
    for y in range(height):
        for x in range(width):
            if image[y, x] > 0 and not seen[y, x] and not _held(image, y - 1, x, image[y, x]):
                count = _walked(image, seen, (y, x), points, count)
                numbers[found] = image[y, x]
                found += 1
                starts[found] = count
    return points[:count], starts[: found + 1], numbers[:found]


rings = _compiled(_rings)
