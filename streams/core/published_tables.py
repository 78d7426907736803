"""Published figures: the cells of every table, made piece by piece, as they were when each was published."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

from streams.core.areas import Geography
from streams.core.disclosure import Count, Level, Node, Period, Table, table_of_areas, tables_by_strand
from streams.core.publication import Arrivals, Granularity, Piece, Rate, longer, periods, pieces, rate_for, shortest
from streams.core.published_areas import WHOLE, AreaTree, area_tree, strand_layers
from streams.core.triangle import ANY_STRAND, Basis

NOTHING = Arrivals(())


class TableName(NamedTuple):
    """Which table: by which day, whether strands or categories are told apart, and of which layer.

    The negative of a layer's number stands for all its areas together, where it is the coarsest and there is no city.
    """

    basis: str
    by_strand: bool
    layer: int


@dataclass(frozen=True)
class Sheet:
    """A table's cells in one piece; `periods` are those published by the cut-off that it was made for.

    `areas` and `strands` are all that it has rows for. What is not in `shown` is withheld.
    """

    piece: Piece
    length: Granularity
    periods: Sequence[Period]
    areas: Sequence[int]
    strands: Sequence[str]
    shown: Mapping[tuple[str, int, Period], int]


Sheets = dict[TableName, list[Sheet]]


@dataclass(frozen=True)
class Known:
    """All that a partnership's figures of incidents are made from.

    `whole` has every incident, `by_area` those of each area and strand or ANY_STRAND, `received` those of the city by
    the day received. `loaded` is the Sunday by which history was loaded at once, 0 where it never was. `strands`
    returns those that count in a piece, as the register stood at the end of a Sunday, in the order in which one is held
    back rather than another.
    """

    geography: Geography
    whole: Arrivals
    by_area: Mapping[tuple[int, str], Arrivals]
    received: Arrivals
    strands: Callable[[Piece, int], Sequence[str]]
    loaded: int = 0


@dataclass(frozen=True)
class Making:
    """What the tables of one piece are made from: `count` by strand, and `cut` into the published periods of a length.

    `weekly` says how many a week some areas together are to be expected to have.
    """

    geography: Geography
    piece: Piece
    tree: AreaTree
    strands: Sequence[str]
    count: Callable[[str], Count]
    weekly: Callable[[Sequence[int]], float]
    cut: Callable[[Granularity], Sequence[Period]]


def incident_sheets(known: Known, cut_off: int) -> Sheets:
    """Return all tables of incidents, with the cells published by the end of a Sunday.

    A year's begin with the first week of which there were any when its rate was settled.
    """
    sheets: Sheets = {}
    span = known.whole.span()
    if span is None:
        return sheets
    turns = known.geography.turning_days
    tree_since = cache(lambda since: area_tree(known.geography, turns[since - 1] if since else span.first))
    rate_of = cache(lambda year: rate_for(year, known.whole, known.loaded, cut_off))
    for piece in pieces(span.first, cut_off, turns):
        tree, rate = tree_since(bisect_right(turns, piece.first)), rate_of(piece.year)
        begun = piece if rate is None else piece._replace(first=max(piece.first, rate.over.first))
        if begun.first > begun.last:
            continue
        making = _making(known, cut_off, begun, tree, rate)
        for name, sheet in (make_sheets(making) | _received(making, known.received)).items():
            sheets.setdefault(name, []).append(sheet)
    return sheets


def _making(known: Known, cut_off: int, piece: Piece, tree: AreaTree, rate: Rate | None) -> Making:
    """Return what a piece is made from. Where no rate is settled yet, nothing of it is published."""
    settled = cut_off + 1 if rate is None else rate.settled

    def counted(area: int, strand: str, period: Period) -> int:
        areas = tree.made_of(area)
        return sum(_counted(known.by_area.get((each, strand), NOTHING), period) for each in areas)

    def weekly(areas: Sequence[int]) -> float:
        if rate is None:
            return 0.0
        own = sum(counted(area, ANY_STRAND, rate.over) for area in areas)
        return (own or _counted(known.whole, rate.over)) / rate.weeks

    @cache
    def cut(length: Granularity) -> Sequence[Period]:
        every = periods(piece, length, max(settled, known.loaded))
        return [period for period in every if period.published <= cut_off]

    return Making(
        known.geography,
        piece,
        tree,
        known.strands(piece, settled),
        lambda strand: cache(lambda area, period: counted(area, strand, period)),
        weekly,
        cut,
    )


def _received(making: Making, received: Arrivals) -> dict[TableName, Sheet]:
    levels, lengths = _levels(making, 0, 1)
    table = table_of_areas(levels, lambda _, period: _counted(received, period))
    return _filed(making, Basis.RECEIVED, lengths, {ANY_STRAND: table}, by_strand=False)


def make_sheets(making: Making) -> dict[TableName, Sheet]:
    """Return the tables of one piece, without and with strands told apart."""
    levels, lengths = _levels(making, len(making.tree.layers), 1)
    together = table_of_areas(levels, making.count(ANY_STRAND))
    sheets = _filed(making, Basis.OCCURRED, lengths, {ANY_STRAND: together}, by_strand=False)
    if making.strands:
        coarser = {layer.number for layer in strand_layers(making.geography)}
        depth = sum(layer in coarser for layer in making.tree.layers)
        levels, lengths = _levels(making, depth, len(making.strands), lengths)
        tables = tables_by_strand(levels, making.strands, making.count, together)
        sheets |= _filed(making, Basis.OCCURRED, lengths, tables, by_strand=True)
    return sheets


def _levels(
    making: Making, depth: int, strands: int, at_least: Sequence[Granularity] = ()
) -> tuple[list[Level], list[Granularity]]:
    """Return a table's levels and their lengths: no shorter than those of the level above, or than `at_least`."""
    tree, length, levels, lengths = making.tree, Granularity.WEEK, list[Level](), list[Granularity]()
    root: Mapping[Node | None, Sequence[int]] = {None: (tree.root,)}
    for number, groups in enumerate([root, *tree.groups[:depth]]):
        areas = tree.listed[tree.layers[number - 1]] if number else [tree.root]
        length = longer(length, shortest(making.weekly(areas), len(areas) * strands))
        length = longer(length, at_least[number]) if at_least else length
        levels.append(Level(groups, making.cut(length)))
        lengths.append(length)
    return levels, lengths


def _filed(
    making: Making, basis: str, lengths: Sequence[Granularity], tables: Mapping[str, Table], *, by_strand: bool
) -> dict[TableName, Sheet]:
    """Return the sheets of tables, one a level."""
    tree = making.tree
    if tree.root != WHOLE:
        root = making.geography.area_by_number[tree.root].layer
    elif tree.layers:
        root = -tree.layers[0]
    else:
        return {}
    listed: Mapping[int, Sequence[int]] = {root: (tree.root,), **tree.listed}
    sheets = {}
    for layer, length in zip((root, *tree.layers), lengths, strict=False):
        cells = product(tables.items(), listed[layer], making.cut(length))
        shown = {
            (strand, area, period): table.shown[area, period]
            for (strand, table), area, period in cells
            if (area, period) in table.shown
        }
        sheets[TableName(basis, by_strand, layer)] = Sheet(
            making.piece, length, making.cut(length), listed[layer], list(tables), shown
        )
    return sheets


def _counted(arrivals: Arrivals, period: Period) -> int:
    return arrivals.count(period, period.published)
