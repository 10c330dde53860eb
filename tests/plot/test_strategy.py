"""Figures of games: what is drawn is what the tables hold."""

import itertools

import matplotlib.colors
import numpy as np
import pandas as pd
import pytest

from energyflows.errors import UsageError
from energyflows.plot.strategy import ACCESS, plot_conduct, plot_leverage, plot_routes

FIGURES = {"R": 3.0, "A": -1.0, "T": 2.0}


def make_rows(rights=("owner", "open"), **leads):
    """Each player's figure, doubled where access is open; from half to three times of it."""
    rows = [
        {**leads, "access": access, "player": player, "surplus_bn_eur": value * (1 + (access == "open"))}
        for access in rights
        for player, value in FIGURES.items()
    ]
    frame = pd.DataFrame(rows)
    ends = np.sort([0.5 * frame["surplus_bn_eur"], 3 * frame["surplus_bn_eur"]], axis=0)
    return frame.assign(surplus_bn_eur_low=ends[0], surplus_bn_eur_high=ends[1])


def list_bars(axes):
    """Return bars as (player, value, colour); players by their place, told beside the first panel."""
    names = [text.get_text() for text in axes.figure.axes[0].get_yticklabels()]
    return [
        (
            names[round(bar.get_y() + bar.get_height() / 2)],
            bar.get_width(),
            matplotlib.colors.to_hex(bar.get_facecolor()),
        )
        for bar in axes.patches
    ]


def list_whiskers(axes):
    return sorted((line[0][0], line[1][0]) for lines in axes.collections for line in lines.get_segments())


def list_labels(axes):
    legend = axes.get_legend() or axes.figure.legends[0]
    return [text.get_text() for text in legend.get_texts()]


def test_leverage_has_a_bar_for_each_player_and_right():
    rows = make_rows()
    axes = plot_leverage(rows).axes[0]
    expected = {(row.player, row.surplus_bn_eur, ACCESS[row.access][1].lower()) for row in rows.itertuples(index=False)}
    assert set(list_bars(axes)) == expected
    assert len(axes.patches) == 6
    assert [text.get_text() for text in axes.get_yticklabels()] == ["A", "T", "R"]
    assert list_labels(axes) == ["owners can refuse passage", "third parties have access"]
    assert axes.get_xlabel() == "bn EUR a year"


def test_lines_reach_from_the_low_to_the_high_end():
    rows = make_rows()
    expected = sorted(zip(rows["surplus_bn_eur_low"], rows["surplus_bn_eur_high"], strict=True))
    assert list_whiskers(plot_leverage(rows).axes[0]) == expected


def test_lines_lie_on_their_bars():
    axes = plot_leverage(make_rows()).axes[0]
    heights = sorted(line[0][1] for lines in axes.collections for line in lines.get_segments())
    assert heights == pytest.approx(sorted(bar.get_y() + bar.get_height() / 2 for bar in axes.patches))


def test_bars_do_not_overlap():
    axes = plot_leverage(make_rows()).axes[0]
    spans = sorted((bar.get_y(), bar.get_y() + bar.get_height()) for bar in axes.patches)
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(spans))


@pytest.mark.parametrize("access", ACCESS)
def test_one_right_keeps_its_colour(access):
    axes = plot_leverage(make_rows([access])).axes[0]
    assert {colour for *_, colour in list_bars(axes)} == {ACCESS[access][1].lower()}
    assert list_labels(axes) == [ACCESS[access][0]]


def test_routes_have_a_panel_each_in_the_order_of_the_table():
    rows = pd.concat([make_rows(route="TurkStream"), make_rows(["open"], route="TAP")], ignore_index=True)
    figure = plot_routes(rows, title="Routes")
    assert [axes.get_title() for axes in figure.axes] == ["TurkStream", "TAP"]
    assert [len(axes.patches) for axes in figure.axes] == [6, 3]
    assert figure.get_suptitle() == "Routes"
    first, second = figure.axes
    assert {(player, value) for player, value, _ in list_bars(second)} == {("R", 6), ("A", -2), ("T", 4)}
    assert [text.get_text() for text in first.get_yticklabels()] == ["T", "A", "R"]


CHANGES = ["price_change", "consumer_surplus_change_bn_eur", "profit_change_bn_eur_RU", "profit_change_bn_eur_AZ"]


def make_curves(elasticities=(-0.6, -0.3, -0.2)):
    """Return changes that grow with the weight, times the place of the column and that of the elasticity."""
    rows = [
        {"coordination": weight, "elasticity": value}
        | {name: weight * (place + 1) * (column + 1) for column, name in enumerate(CHANGES)}
        for place, value in enumerate(elasticities)
        for weight in (0.0, 0.5, 1.0)
    ]
    return pd.DataFrame(rows)


def test_conduct_draws_the_middle_elasticity_within_the_band_of_all():
    figure = plot_conduct(make_curves(), ("RU", "AZ"), names={"RU": "Russia"})
    left, right = figure.axes
    assert list_labels(left) == ["profit of Russia", "profit of AZ", "consumers of the EU27"]
    assert list_labels(right) == ["mean price of the EU27"]
    for axes, columns in ((left, (3, 4, 2)), (right, (1,))):
        lines = [line for line in axes.lines if line.get_marker() == "o"]
        for line, band, column in zip(lines, axes.collections, columns, strict=True):
            assert line.get_xdata().tolist() == [0, 0.5, 1]
            assert line.get_ydata().tolist() == [0, column, 2 * column]
            (path,) = band.get_paths()
            at_one = path.vertices[path.vertices[:, 0] == 1, 1]
            assert (at_one.min(), at_one.max()) == (column, 3 * column)
            assert matplotlib.colors.to_hex(band.get_facecolor()[0]) == line.get_color().lower()
    assert left.get_xlabel() == "weight on each other's profit, Russia and AZ"
    assert (left.get_ylabel(), right.get_ylabel()) == ("change, bn EUR a year", "change, EUR/MWh")


def test_conduct_of_one_elasticity_has_no_band_whether_weights_are_index_or_column():
    curves = make_curves([-0.3]).drop(columns="elasticity")
    for table in (curves, curves.set_index("coordination")):
        figure = plot_conduct(table, ("RU", "AZ"), area="Union")
        assert [len(axes.collections) for axes in figure.axes] == [0, 0]
        assert list_labels(figure.axes[1]) == ["mean price of the Union"]


@pytest.mark.parametrize(
    ("draw", "rows", "lacking"),
    [
        (plot_leverage, make_rows(), "surplus_bn_eur_low"),
        (plot_routes, make_rows(route="TAP"), "route"),
        (lambda rows: plot_conduct(rows, ("RU", "AZ")), make_curves(), "profit_change_bn_eur_AZ"),
    ],
)
def test_tables_that_cannot_be_drawn_are_refused(draw, rows, lacking):
    with pytest.raises(UsageError, match=f"found no column {lacking}, expected a table of energyflows.strategy"):
        draw(rows.drop(columns=lacking))
    with pytest.raises(UsageError, match="found a table without rows: there is nothing to draw"):
        draw(rows.iloc[:0])
    with pytest.raises(UsageError, match=r"expected a table of energyflows\.strategy"):
        draw({"player": 1})


def test_figures_of_a_table_are_always_the_same():
    def paint(figure):
        figure.canvas.draw()
        return np.asarray(figure.canvas.buffer_rgba()).copy()

    for draw in (
        lambda: plot_leverage(make_rows()),
        lambda: plot_routes(make_rows(route="TAP")),
        lambda: plot_conduct(make_curves(), ("RU", "AZ")),
    ):
        one, other = paint(draw()), paint(draw())
        assert (one == other).all()
        assert one.std() > 0
