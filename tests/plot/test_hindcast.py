"""Figures of a hindcast: what is drawn is what the frames hold, readable, and written completely or not at all."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows.errors import OutputError, UsageError
from energyflows.hindcast.series import GROUPS
from energyflows.plot import plot_errors, plot_hindcast, plot_scatter, plot_storage
from energyflows.plot._drawing import GROUP_STYLES
from energyflows.plot.hindcast import trace_stocks

FLOWS = {
    "LNG BE": "lng",
    "LNG north-west": "lng-groups",
    "LNG EU27": "lng-total",
    "NO-FR": "norway",
    "TAP-IT": "tap",
    "UATRANSIT-SK": "russia",
    "MEDGAZ-ES": "algeria",
    "BE-DE": "borders",
    "AT-SI": "others",
}
STOCKS = ["stock EU27", *(f"stock Z{number:02}" for number in range(12))]


def make_flows(*, pins=("on", "off"), years=range(2019, 2026), role="scored"):
    """Quarters of flows, 40 TWh observed in the first series, twice as much in each that follows."""
    rows = []
    for setting, (place, (series, group)), year, quarter in itertools.product(
        pins, enumerate(FLOWS.items()), years, range(1, 5)
    ):
        observed = 10 * 2.0**place
        given = role if role == "input" or setting == "off" or group != "norway" else "input"
        rows.append((setting, group, series, given, year, f"{year}Q{quarter}", "quarter", 0.5 * observed, observed))
    columns = ["pins", "group", "series", "role", "year", "period", "frequency", "modelled", "observed"]
    return pd.DataFrame(rows, columns=columns).assign(unit="TWh", capacity=1e4)


def make_stocks(*, pins=("on", "off"), years=range(2019, 2026), stocks=STOCKS):
    """Month ends of stocks; the turns of years are inputs."""
    rows = []
    days = pd.date_range(f"{years[0]}-01-31", f"{years[-1]}-12-31", freq="ME")
    for setting, (place, series), day in itertools.product(pins, enumerate(stocks), days):
        volume = 1000.0 / (place + 1)
        role = "input" if day.month == 12 else "scored"
        group = "stock-eu" if series == "stock EU27" else "stocks"
        rows.append(
            (setting, group, series, role, day.year, f"{day:%Y-%m-%d}", "day", 0.6 * volume, 0.5 * volume, volume)
        )
    columns = ["pins", "group", "series", "role", "year", "period", "frequency", "modelled", "observed", "capacity"]
    return pd.DataFrame(rows, columns=columns).assign(unit="TWh")


def make_scores(pairs):
    keys = ["pins", "group", "series", "year"]
    scores = pairs.groupby(keys, as_index=False).agg({"role": "first", "modelled": "sum", "observed": "sum"})
    return pd.concat([scores, scores.assign(year=0)], ignore_index=True)


def make_results(*, snapshots=24):
    starts = pd.date_range("2019-01-01", periods=snapshots, freq="MS")
    stored = np.full((snapshots, 3), [30e3, 20e3, 10e3])
    return xr.Dataset(
        {"stored": (("snapshot", "store"), stored)},
        {
            "snapshot": starts,
            "weight_days": ("snapshot", starts.days_in_month.to_numpy(float)),
            "store_bus": ("store", ["DE storage", "FR storage", "UA storage"]),
        },
    )


def make_bands():
    days = pd.date_range("2019-01-31", "2020-12-31", freq="ME").strftime("%Y-%m-%d")
    figures = {"low5": 1.0, "low25": 2.0, "median": 3.0, "high75": 4.0, "high95": 5.0}
    return pd.DataFrame({"period": days, **figures})


def list_labels(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def list_texts(axes):
    return [text.get_text() for text in axes.texts]


def measure_labels(figure):
    """Return the boxes of labels, without the lines that lead to them."""
    from matplotlib.text import Text

    figure.draw_without_rendering()
    return [Text.get_window_extent(text, figure.canvas.get_renderer()) for text in figure.axes[0].texts]


def reaches_out(figure):
    """Whether something that is drawn reaches beyond the edge of the figure."""
    figure.draw_without_rendering()
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    return box.x0 < -0.01 or box.y0 < -0.01 or box.x1 > width + 0.01 or box.y1 > height + 0.01


# ------------------------------------------------------------------ scatter
def test_scatter_has_a_panel_for_each_setting_of_pins():
    figure = plot_scatter(make_flows())
    on, off = figure.axes
    assert on.get_title(loc="left") == "pins on: 0 % of 56 scored totals within ±20 %"
    assert off.get_title(loc="left") == "pins off: 0 % of 63 scored totals within ±20 %"
    assert (on.get_xlabel(), on.get_ylabel()) == ("observed, TWh a year", "modelled, TWh a year")
    assert {on.get_xscale(), on.get_yscale(), off.get_xscale()} == {"log"}
    assert figure.get_suptitle() == "Yearly flows, modelled against observed, TWh, 2019–2025"
    assert "observed: Bruegel, ENTSOG, AGSI, Eurostat, World Bank" in figure.get_supxlabel()
    assert list_labels(figure) == [*(GROUPS[group] for group in GROUP_STYLES), "input, not scored"]
    assert not reaches_out(figure)


def test_scatter_draws_yearly_sums_inputs_hollow():
    figure = plot_scatter(make_flows(pins=("on",), years=[2021]))
    (axes,) = figure.axes
    drawn = {tuple(point) for points in axes.collections[1:] for point in points.get_offsets().tolist()}
    assert drawn == {(40 * 2.0**place, 20 * 2.0**place) for place in range(len(FLOWS))}
    inputs = axes.collections[1]
    assert inputs.get_offsets().tolist() == [[40 * 2.0**3, 20 * 2.0**3]]
    assert inputs.get_facecolor().size == 0


def test_scatter_counts_what_lies_within_the_band():
    pairs = make_flows(pins=("off",), years=[2021])
    pairs.loc[pairs["series"].isin(["TAP-IT", "LNG BE", "BE-DE"]), "modelled"] = pairs["observed"] * 1.19
    figure = plot_scatter(pairs)
    assert figure.axes[0].get_title(loc="left") == "pins off: 33 % of 9 scored totals within ±20 %"


def test_scatter_names_the_furthest_off_once_each_without_overlap():
    figure = plot_scatter(make_flows(pins=("off",)))
    (axes,) = figure.axes
    assert len(axes.texts) == 7
    assert {text.split(" 20")[0] for text in list_texts(axes)} == set(list(FLOWS)[-7:])
    boxes = measure_labels(figure)
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert all(axes.bbox.contains(box.x0, box.y0) and axes.bbox.contains(box.x1, box.y1) for box in boxes)


def test_scatter_keeps_labels_apart_in_a_crowd():
    pairs = make_flows(pins=("off",), years=[2021])
    pairs["observed"], pairs["modelled"] = 100.0, 60.0 + 0.01 * np.arange(len(pairs))
    figure = plot_scatter(pairs)
    boxes = measure_labels(figure)
    assert len(boxes) == 7
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


def test_scatter_puts_nothing_on_the_edge_of_the_axes():
    pairs = make_flows(pins=("off",), years=[2021])
    pairs.loc[pairs["series"] == "TAP-IT", "modelled"] = 0.0
    pairs.loc[pairs["series"] == "AT-SI", ["modelled", "observed"]] = 0.0
    (axes,) = plot_scatter(pairs).axes
    drawn = {tuple(point) for points in axes.collections[1:] for point in points.get_offsets().tolist()}
    assert {(40 * 2.0**4, 0.1), (0.1, 0.1)} <= drawn
    assert axes.xaxis.get_major_formatter()(0.1, 0) == "≤ 0.1"
    assert axes.xaxis.get_major_formatter()(1000.0, 0) == "1,000"
    assert axes.get_xlim() == axes.get_ylim()


def test_scatter_sums_only_what_is_paired():
    pairs = make_flows(pins=("off",), years=[2021])
    pairs.loc[(pairs["series"] == "TAP-IT") & (pairs["period"] == "2021Q2"), "observed"] = np.nan
    pairs.loc[(pairs["series"] == "LNG BE"), "modelled"] = np.inf
    (axes,) = plot_scatter(pairs).axes
    drawn = {tuple(point) for points in axes.collections[1:] for point in points.get_offsets().tolist()}
    assert (3 * 160.0, 3 * 80.0) in drawn
    assert len(drawn) == len(FLOWS) - 1


def test_scatter_of_inputs_alone_says_so():
    figure = plot_scatter(make_flows(pins=("on",), role="input"))
    assert figure.axes[0].get_title(loc="left") == "pins on: inputs only, nothing is scored"
    assert list_labels(figure) == ["input, not scored"]
    assert len(figure.axes[0].texts) == 0


def test_scatter_leaves_stocks_and_prices_out():
    prices = make_flows(pins=("off",), years=[2021]).assign(unit="EUR/MWh", group="prices", series="price TTF")
    pairs = pd.concat([make_flows(pins=("off",), years=[2021]), prices, make_stocks()])
    assert plot_scatter(pairs).axes[0].get_title(loc="left").startswith("pins off: 0 % of 9 scored")
    with pytest.raises(UsageError, match="found no flow that is both modelled and observed"):
        plot_scatter(pd.concat([prices, make_stocks()]))


def test_own_observations_are_named_as_the_source():
    pairs = make_flows(pins=("off",), years=[2021])
    pairs.attrs["path"] = "/home/me/mine.csv"
    assert plot_scatter(pairs).get_supxlabel().endswith("observed: mine.csv")


# ------------------------------------------------------------------ storage
def test_storage_shows_the_eu_and_the_ten_largest_countries():
    figure = plot_storage(make_stocks())
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["EU27", *(f"Z{number:02}" for number in range(10))]
    assert figure.axes[0].get_ylabel() == "gas in store, TWh"
    assert list_labels(figure) == ["pins on", "pins off", "observed", "input"]
    assert figure.get_suptitle() == "Gas in store, modelled and observed, TWh, 2019–2025"
    assert {axes.get_xlim() for axes in figure.axes} == {figure.axes[0].get_xlim()}
    assert not reaches_out(figure)


def test_storage_draws_lines_dots_and_hollow_inputs():
    eu = plot_storage(make_stocks(pins=("on",), years=[2021], stocks=["stock EU27"])).axes[0]
    modelled, volume = eu.lines
    assert modelled.get_ydata().tolist() == [600.0] * 12
    assert volume.get_ydata().tolist() == [1000.0] * 12
    observed, inputs = eu.collections
    assert observed.get_offsets()[:, 1].tolist() == [500.0] * 11
    assert inputs.get_offsets()[:, 1].tolist() == [500.0]
    assert inputs.get_facecolor()[0].tolist() == [1, 1, 1, 1]


def test_storage_fans_out_over_draws():
    bands = make_bands()
    shuffled = bands.sample(frac=1, random_state=1)
    figure = plot_storage(make_stocks(), shuffled)
    wide, narrow = figure.axes[0].collections[:2]
    assert (wide.get_datalim(figure.axes[0].transData).y0, wide.get_datalim(figure.axes[0].transData).y1) == (1.0, 5.0)
    assert narrow.get_datalim(figure.axes[0].transData).y0 == 2.0
    assert list_labels(figure)[:3] == ["5–95 % of draws", "25–75 % of draws", "median of draws"]
    assert (np.diff(figure.axes[0].lines[0].get_xdata()) > np.timedelta64(0)).all()


def test_storage_takes_complete_courses_where_given():
    courses = trace_stocks({"results_on": make_results(snapshots=12)})
    pairs = make_stocks(pins=("on",), years=[2019], stocks=["stock EU27", "stock DE"])
    figure = plot_storage(pairs[pairs["period"] < "2019-06"], courses=courses)
    assert [len(axes.lines[0].get_xdata()) for axes in figure.axes] == [12, 12]
    assert figure.axes[0].lines[0].get_ydata().tolist() == [50.0] * 12
    assert figure.axes[1].lines[0].get_ydata().tolist() == [30.0] * 12


def test_courses_end_with_the_last_day_of_each_snapshot():
    courses = trace_stocks({"results_on": make_results(), "results_off": make_results()})
    eu = courses[(courses["series"] == "stock EU27") & (courses["pins"] == "off")]
    assert eu["period"].tolist()[:3] == ["2019-01-31", "2019-02-28", "2019-03-31"]
    assert set(courses["series"]) == {"stock DE", "stock FR", "stock UA", "stock EU27"}
    assert trace_stocks({}) is None


def test_storage_shows_gaps_as_gaps():
    pairs = make_stocks(pins=("off",), years=[2021], stocks=["stock EU27"])
    pairs.loc[3:6, "observed"] = np.nan
    pairs.loc[pairs.index[-1], "modelled"] = np.nan
    eu = plot_storage(pairs).axes[0]
    assert sum(len(points.get_offsets()) for points in eu.collections) == 8
    assert len(eu.lines[0].get_ydata()) == 11


def test_storage_without_the_eu_shows_countries_alone():
    figure = plot_storage(make_stocks(stocks=["stock DE", "stock FR"]))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["DE", "FR"]
    assert figure.axes[0].get_ylabel() == "gas in store, TWh"


def test_storage_of_one_day_is_drawn():
    pairs = make_stocks(pins=("on",), years=[2021], stocks=["stock EU27"]).head(1).assign(capacity=np.nan)
    figure = plot_storage(pairs)
    assert figure.axes[0].lines[0].get_marker() == "."
    assert figure.axes[0].get_ylim()[1] > 600


def test_storage_without_stocks_is_refused():
    with pytest.raises(UsageError, match="found no stocks, expected rows of frequency day"):
        plot_storage(make_flows())


# ------------------------------------------------------------------ errors
def read_cells(axes):
    return axes.collections[0].get_array()


def test_errors_are_percent_of_what_was_observed():
    scores = make_scores(make_flows(pins=("off",), years=[2019, 2021]))
    (axes, bar) = plot_errors(scores).axes
    cells = read_cells(axes)
    assert cells.shape == (2 * len(FLOWS), 3)
    assert set(cells[1].tolist()) == {-50.0, None}
    assert list_texts(axes) == ["−50"] * (2 * len(FLOWS))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2019", "2020", "2021"]
    assert bar.get_xlabel() == "modelled less observed, % of observed"


def test_errors_are_sorted_by_group_with_titles_in_bold():
    (axes, _) = plot_errors(make_scores(make_flows(pins=("off",), years=[2021]))).axes
    expected = [name for series, group in FLOWS.items() for name in (GROUPS[group], series)]
    assert [label.get_text() for label in axes.get_yticklabels()] == expected
    assert [label.get_fontweight() for label in axes.get_yticklabels()] == ["bold", "normal"] * len(FLOWS)


def test_inputs_are_hatched_and_hold_no_number():
    figure = plot_errors(make_scores(make_flows()))
    on, off, _ = figure.axes
    assert [patch.get_hatch() for patch in on.patches] == ["//////"] * 7
    assert len(off.patches) == 0
    assert len(list_texts(on)) == 7 * (len(FLOWS) - 1)
    assert [axes.get_title() for axes in (on, off)] == ["pins on", "pins off"]
    assert not reaches_out(figure)


def test_nothing_observed_is_told_apart_from_nothing_at_all():
    scores = make_scores(make_flows(pins=("off",), years=[2021]))
    scores.loc[scores["series"] == "TAP-IT", "observed"] = 0.0
    scores.loc[scores["series"] == "BE-DE", ["modelled", "observed"]] = 0.0
    scores.loc[scores["series"] == "AT-SI", "observed"] = np.nan
    scores.loc[scores["series"] == "LNG BE", "modelled"] = 1e6
    figure = plot_errors(scores)
    texts = list_texts(figure.axes[0])
    assert sorted(texts) == sorted(["−50"] * 5 + ["∞", "0", ">999"])
    assert read_cells(figure.axes[0]).max() == 100.0
    assert "∞: nothing observed" in figure.get_supxlabel()


def test_many_series_stand_in_two_columns_that_break_at_a_group():
    pairs = make_flows(pins=("off",), years=[2021])
    many = pd.concat([pairs.assign(series=pairs["series"] + f" {number}") for number in range(8)])
    figure = plot_errors(make_scores(many))
    left, right, _ = figure.axes
    assert left.get_ylim() == right.get_ylim()
    first = [axes.get_yticklabels()[0] for axes in (left, right)]
    assert [label.get_fontweight() for label in first] == ["bold", "bold"]
    names = [label.get_text() for axes in (left, right) for label in axes.get_yticklabels()]
    assert len(names) == len(set(names)) == 9 * len(FLOWS)
    assert not reaches_out(figure)


def test_errors_without_years_are_refused():
    scores = make_scores(make_flows())
    with pytest.raises(UsageError, match="found no year in which a series is both modelled and observed"):
        plot_errors(scores[scores["year"] == 0])
    with pytest.raises(UsageError, match="found no year"):
        plot_errors(scores.assign(observed=np.nan))


# ------------------------------------------------------------------ all figures, and files
@pytest.mark.parametrize(("draw", "name"), [(plot_scatter, "pairs"), (plot_storage, "pairs"), (plot_errors, "scores")])
def test_what_is_no_frame_of_a_hindcast_is_refused(draw, name):
    with pytest.raises(UsageError, match=f"{name}: found no column pins, .*expected the frame '{name}'"):
        draw(pd.DataFrame({"year": [2021]}))
    with pytest.raises(UsageError, match=f"found list, expected the frame '{name}' of run_hindcast"):
        draw([1, 2])


def test_frames_are_left_as_they_were():
    pairs = pd.concat([make_flows(), make_stocks()], ignore_index=True)
    scores, bands = make_scores(pairs), make_bands()
    before = [frame.copy() for frame in (pairs, scores, bands)]
    plot_scatter(pairs)
    plot_storage(pairs, bands)
    plot_errors(scores)
    for frame, copy in zip((pairs, scores, bands), before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


@pytest.fixture
def result():
    stocks = make_stocks(years=[2019, 2020], stocks=STOCKS[:3])
    pairs = pd.concat([make_flows(years=[2019, 2020]), stocks], ignore_index=True)
    return {"pairs": pairs, "scores": make_scores(pairs), "results_on": make_results(), "bands": make_bands()}


def test_figures_are_written_as_png_and_svg_and_again_the_same(result, tmp_path):
    import matplotlib as mpl

    settings = dict(mpl.rcParams)
    folder = tmp_path / "new" / "figures"
    paths = plot_hindcast(result, folder)
    assert [path.name for path in paths] == [
        f"{name}.{suffix}" for name in ("scatter", "storage", "errors") for suffix in ("png", "svg")
    ]
    assert sorted(folder.iterdir()) == sorted(paths)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths[::2])
    assert all(b"<svg" in path.read_bytes()[:1000] for path in paths[1::2])
    before = [path.read_bytes() for path in paths]
    assert plot_hindcast(result, str(folder)) == paths
    assert [path.read_bytes() for path in paths] == before
    assert dict(mpl.rcParams) == settings


def test_figure_without_content_is_left_out(tmp_path):
    pairs = make_flows(pins=("off",), years=[2021])
    scores = make_scores(pairs)
    pairs.attrs["path"] = "mine.csv"
    paths = plot_hindcast({"pairs": pairs, "scores": scores}, tmp_path)
    assert scores.attrs == {}
    assert [path.name for path in paths] == ["scatter.png", "scatter.svg", "errors.png", "errors.svg"]
    with pytest.raises(UsageError, match="nothing to draw"):
        plot_hindcast({"pairs": pairs.head(0), "scores": scores.head(0)}, tmp_path)


def test_figure_that_cannot_be_written_is_told_and_leaves_nothing(tmp_path):
    pairs = make_flows(pins=("off",), years=[2021])
    result = {"pairs": pairs, "scores": make_scores(pairs)}
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="figures cannot be written"):
        plot_hindcast(result, tmp_path / "file")
    (tmp_path / "scatter.png").mkdir()
    with pytest.raises(OutputError, match="figures cannot be written"):
        plot_hindcast(result, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "scatter.png"]


def test_wrong_arguments_are_told(result, tmp_path):
    with pytest.raises(UsageError, match="found no pairs and no scores; expected what run_hindcast returns"):
        plot_hindcast({"results_on": result["results_on"]}, tmp_path)
    with pytest.raises(UsageError, match="found list, expected the tables of run_hindcast by name"):
        plot_hindcast([1], tmp_path)
    with pytest.raises(UsageError, match="folder: found None, expected the name of a folder"):
        plot_hindcast(result, None)


def test_missing_matplotlib_is_told_with_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UsageError, match=r"pip install energyflows\[plot\]"):
        plot_scatter(make_flows())


def test_matplotlib_waits_for_the_first_figure():
    program = "import sys, energyflows; assert not any(name.startswith('matplotlib') for name in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).resolve().parents[2])


def test_no_figure_is_left_open():
    from matplotlib._pylab_helpers import Gcf

    before = list(Gcf.figs)
    plot_scatter(make_flows())
    assert list(Gcf.figs) == before
