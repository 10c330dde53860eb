"""What holds for every metric: of volumes, of the registry, of its docstring and page."""

import inspect
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpydoc.validate import validate

from energyflows import metrics
from energyflows.errors import EnergyFlowsError, UnknownNameError, UsageError
from energyflows.metrics import METRICS, describe, list_metrics
from energyflows.metrics._references import REFERENCES
from energyflows.metrics.catalogue import PAGE, describe_page

ORIGINS = ["AZ", "DZ", "NO", "RU", "US"]
YEARS = [2024, 2025]
BUSES = ["DE", "GR", "IT"]
LABELS = {"year": YEARS, "bus": BUSES, "origin": ORIGINS}
KEEPING = {"shares", "hhi_contribution"}
#: Not of single volumes but of their balance: nothing imported is zero dependence.
FIRST = {name: next(iter(inspect.signature(each.function).parameters)) for name, each in METRICS.items()}
OF_VOLUMES = [name for name, first in FIRST.items() if first in {"volume", "net_imports"}]
#: No docstring, summary or full stop; parameters missing or unknown; nothing on what is returned.
DOCSTRING_FAULTS = {"GL08", "SS01", "SS03", "PR01", "PR02", "PR03", "RT01"}
AMOUNTS = st.one_of(st.just(0.0), st.floats(1e-3, 1e6), st.sampled_from([1e-300, 1e300]))

every_metric = pytest.mark.parametrize("name", list(METRICS))
each = pytest.mark.parametrize("name", OF_VOLUMES)


def make_matrix(diagonal):
    """Return a symmetric matrix whose entries all differ."""
    upper = np.triu(np.linspace(0.1, 0.9, 25).reshape(5, 5), 1)
    values = upper + upper.T + diagonal * np.eye(5)
    return xr.DataArray(values, [("origin", ORIGINS), ("origin_", ORIGINS)])


def make_volume():
    """Return volumes with two more dims, one of them zero, none far from equal."""
    values = 50 + np.arange(30.0).reshape(2, 3, 5)
    values[0, 1, 2] = 0.0
    return xr.DataArray(values, LABELS, name="twh", attrs={"units": "TWh"})


def by_origin(*values):
    return xr.DataArray(list(values), [("origin", ORIGINS)])


#: One value for each argument that any metric of volumes needs.
ARGUMENTS = {
    "kappa": make_matrix(1),
    "disparity": make_matrix(0),
    "pair": ("AZ", "RU"),
    "risk": by_origin(0.2, 0.4, 0.0, 0.9, 0.1),
    "stability": by_origin(0.5, 0.4, 1.0, 0.1, 0.9),
    "transit": by_origin(1.0, 2.0, 1.0, 3.0, 1.5),
    "fungibility": 1.5,
    "consumption": xr.DataArray([[400.0, 420, 440], [500, 520, 540]], {"year": YEARS, "bus": BUSES}),
    "energy_share": 0.25,
}
OF_DIM = {"origin": "dim", "origin_": "dim_"}


def arguments_of(name):
    parameters = inspect.signature(METRICS[name].function).parameters.values()
    needed = [each.name for each in parameters if each.default is each.empty]
    return {key: ARGUMENTS[key] for key in needed if key not in {"volume", "net_imports"}}


def compute(name, volume, dim="origin", **changed):
    return METRICS[name].function(volume, **{**arguments_of(name), **changed}, dim=dim)


def rename_dim(value, dim):
    """Return the same along another dim."""
    if not isinstance(value, xr.DataArray):
        return value
    return value.rename({old: new for old, new in (("origin", dim), ("origin_", f"{dim}_")) if old in value.dims})


def test_the_catalogue_holds_the_metrics_that_were_asked_for():
    expected = {
        *("hhi", "shannon", "simpson", "effective_suppliers", "concentration_ratio", "evenness", "gini"),
        *("rao_stirling", "hhi_kappa", "hidden_concentration_margin", "import_dependence", "shares"),
        *("supplier_concentration_index", "risk_weighted_hhi", "neumann", "rees", "hhi_contribution"),
    }
    assert expected <= set(OF_VOLUMES)


@each
def test_values_are_within_the_bounds(name):
    low, high = METRICS[name].bounds

    @settings(max_examples=20)
    @given(arrays(float, (20, 5), elements=AMOUNTS))
    def check(values):
        found = compute(name, xr.DataArray(values, {"case": range(20), "origin": ORIGINS}), **small)
        known = found.to_numpy()[~np.isnan(found.to_numpy())]
        assert low is None or (known >= low - 1e-9).all()
        assert high is None or (known <= high + 1e-9).all()

    small = {"consumption": 1e6} if "consumption" in arguments_of(name) else {}
    check()


@each
@pytest.mark.parametrize("factor", [3.6, 1e6, 1e-9])
def test_the_unit_of_energy_does_not_matter(name, factor):
    scaled = {"consumption": ARGUMENTS["consumption"] * factor} if "consumption" in arguments_of(name) else {}
    xr.testing.assert_allclose(
        compute(name, make_volume() * factor, **scaled), compute(name, make_volume()), rtol=1e-12
    )


@each
def test_the_order_of_origins_does_not_matter(name):
    shuffled = make_volume().isel(origin=[3, 0, 4, 2, 1], bus=[2, 0, 1])
    expected = compute(name, make_volume())
    xr.testing.assert_allclose(compute(name, shuffled).reindex_like(expected), expected, rtol=1e-12)


@each
def test_nothing_supplied_or_consumed_is_undefined(name):
    nothing = make_volume() * 0
    changed = {"consumption": 0.0} if "consumption" in arguments_of(name) else {}
    assert np.isnan(compute(name, nothing, **changed)).all()
    assert not np.isnan(compute(name, make_volume())).any()


@each
def test_what_is_unknown_stays_unknown_and_spoils_nothing_else(name):
    volume = make_volume()
    volume[0, 0, 0] = np.nan
    found, expected = compute(name, volume), compute(name, make_volume())
    spoilt = found.isel(year=0, bus=0)
    assert np.isnan(spoilt).all()
    assert bool((found == expected).where(~((found["year"] == 2024) & (found["bus"] == "DE")), other=True).all())


@each
@pytest.mark.parametrize("dim", ["origin", "route", "owner", "seller", "account"])
def test_only_the_dim_asked_about_goes(name, dim):
    changed = {key: rename_dim(value, dim) for key, value in arguments_of(name).items()}
    found = compute(name, rename_dim(make_volume(), dim), dim=dim, **changed)
    assert found.dims == (("year", "bus", dim) if name in KEEPING else ("year", "bus"))
    assert found.indexes["bus"].tolist() == BUSES
    np.testing.assert_array_equal(found, compute(name, make_volume()))


@each
def test_results_are_named_and_have_their_own_unit(name):
    found = compute(name, make_volume())
    assert found.name == name
    assert found.attrs == {"units": METRICS[name].unit}


@each
def test_the_volume_is_left_as_it_was(name):
    volume = make_volume()
    compute(name, volume)
    xr.testing.assert_identical(volume, make_volume())


@each
def test_a_series_gives_the_same(name):
    volume = make_volume().isel(year=0, bus=0, drop=True)
    changed = {"consumption": 400.0} if "consumption" in arguments_of(name) else {}
    found, expected = compute(name, volume.to_series(), **changed), compute(name, volume, **changed)
    if name in KEEPING:
        pd.testing.assert_series_equal(found, expected.to_series())
    else:
        assert isinstance(found, float)
        assert found == float(expected)


@each
def test_a_series_with_levels_gives_the_same(name):
    found, expected = compute(name, make_volume().to_series()), compute(name, make_volume())
    pd.testing.assert_series_equal(found, expected.to_series())


@each
def test_a_frame_with_pandas_beside_it_gives_the_same(name):
    volume = make_volume().isel(year=0, drop=True)
    beside = {"consumption": ARGUMENTS["consumption"].isel(year=0, drop=True)}
    known = {key: beside.get(key, value) for key, value in arguments_of(name).items()}
    expected = compute(name, volume, **known)
    tables = {key: value.to_pandas() if isinstance(value, xr.DataArray) else value for key, value in known.items()}
    found = compute(name, volume.to_pandas(), **tables)
    compared = pd.testing.assert_frame_equal if name in KEEPING else pd.testing.assert_series_equal
    compared(found, expected.to_pandas(), check_names=False)


@pytest.mark.parametrize("name", ["hhi", "import_dependence"])
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (make_volume().where(lambda x: x != 60, np.inf), r"infinite:\n  - year 2024, bus IT, origin AZ: inf"),
        (make_volume() > 55, "type bool, expected numbers"),
        (make_volume().astype(str), "type <U.*expected numbers"),
        (make_volume().astype(str).to_series(), "expected numbers"),
        (make_volume().rename(origin="country"), r"no 'origin' to go by; dims found: year \(2\), bus \(3\), country"),
        (make_volume().isel(origin=[]), "no 'origin' to go by"),
        (make_volume().assign_coords(origin=["AZ", "AZ", "NO", "RU", "US"]), "origin AZ more than once"),
        ([1.0, 2.0], "list, expected an xarray.DataArray, a pandas.Series"),
        (make_volume().to_dataset(), "Dataset, expected an xarray.DataArray"),
    ],
)
def test_what_is_no_volume_is_refused(name, wrong, told):
    with pytest.raises(UsageError, match=told):
        compute(name, wrong)


@each
def test_infinite_volumes_and_missing_dims_are_refused(name):
    with pytest.raises(UsageError, match="infinite"):
        compute(name, make_volume() / 0)
    with pytest.raises(UsageError, match="no 'origin'"):
        compute(name, make_volume().sum("origin"))


@pytest.mark.parametrize("name", [name for name in OF_VOLUMES if FIRST[name] == "volume"])
def test_negative_volumes_are_refused_with_their_places(name):
    volume = make_volume()
    volume[1, 2, 3] = -5.0
    with pytest.raises(UsageError, match=r"clip net exports at zero(?s:.*)\n  - year 2025, bus IT, origin RU: -5"):
        compute(name, volume)


@each
def test_rounding_below_zero_is_no_volume(name):
    rounded, zero = make_volume(), make_volume()
    rounded[0, 1, 2] = -1e-9
    np.testing.assert_allclose(compute(name, rounded), compute(name, zero), atol=1e-9)


@each
def test_unserved_demand_cannot_be_passed_as_a_supply(name):
    assert "unserved" not in inspect.signature(METRICS[name].function).parameters


@every_metric
def test_the_facts_of_a_metric_are_complete(name):
    known = METRICS[name]
    assert known.symbol
    assert known.unit
    assert known.higher_is
    assert known.group
    assert known.formula
    assert known.references
    assert set(known.references) <= set(REFERENCES)
    low, high = known.bounds
    assert low is None or high is None or low < high
    assert getattr(metrics, name) is known.function
    assert name in metrics.__all__


@every_metric
def test_the_docstring_of_a_metric_is_complete(name):
    text = inspect.getdoc(METRICS[name].function)
    faults = [fault for fault in validate(f"energyflows.metrics.{name}")["errors"] if fault[0] in DOCSTRING_FAULTS]
    assert faults == []
    arrays_without_unit = re.findall(r"^\w+ : (?!.*\[).*(?:DataArray|Series).*$", text, flags=re.MULTILINE)
    assert arrays_without_unit == []
    returns = text.partition("Returns\n-------\n")[2].partition("\n")[0]
    assert re.search(r"\[.+\]", returns)
    notes = text.partition("Notes\n-----\n")[2].partition("\n---")[0]
    assert ".. math::" in notes
    assert "ndefined" in notes
    assert "References\n----------" in text
    assert ">>> " in text


@every_metric
def test_the_docstring_names_the_registered_references(name):
    text = " ".join(inspect.getdoc(METRICS[name].function).partition("References\n----------")[2].split())
    named = [re.match(r"([\w.’'-]+).*?\((\d{4}|EU)", REFERENCES[key]).groups() for key in METRICS[name].references]
    assert [(author, year) for author, year in named if author not in text or year not in text] == []


@every_metric
def test_a_metric_can_be_described(name):
    told = describe(name)
    assert told["latex"]
    assert "math::" not in told["notes"] + told["meaning"]
    assert not told["meaning"].startswith("Return")
    assert told["references"] == [REFERENCES[key] for key in METRICS[name].references]


def test_all_metrics_are_listed_once():
    listed = list_metrics()
    assert sorted(listed.index) == sorted(METRICS)
    assert listed.loc["hhi", ["symbol", "unit", "bounds"]].tolist() == ["HHI", "1", "0 … 1"]


def test_no_reference_is_left_over():
    used = {key for known in METRICS.values() for key in known.references}
    assert set(REFERENCES) == used


@pytest.mark.parametrize(("name", "told"), [("hh", "did you mean hhi"), ("xyz", "there are .*hhi")])
def test_an_unknown_name_gets_a_suggestion(name, told):
    with pytest.raises(UnknownNameError, match=told):
        describe(name)


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == describe_page(), "run python -m energyflows.metrics.catalogue"


def test_all_metrics_of_a_volume_come_together():
    found = metrics.all(make_volume())
    alone = {name for name in OF_VOLUMES if FIRST[name] == "volume" and not arguments_of(name)}
    assert set(found.data_vars) == alone
    assert {"hhi", "shannon", "effective_suppliers", "gini"} <= alone
    for name in alone:
        xr.testing.assert_identical(found[name], compute(name, make_volume()))


def test_more_arguments_bring_more_metrics():
    volume = make_volume()
    found = metrics.all(volume, net_imports=volume, k=2, **ARGUMENTS)
    assert set(found.data_vars) == set(OF_VOLUMES)
    xr.testing.assert_identical(found["concentration_ratio"], metrics.concentration_ratio(volume, k=2))
    xr.testing.assert_identical(found["rees"], compute("rees", volume))


def test_all_metrics_of_pandas_come_as_a_dataset():
    volume = make_volume().isel(year=0, drop=True)
    consumption = ARGUMENTS["consumption"].isel(year=0, drop=True)
    tables = {"net_imports": volume.to_pandas(), "consumption": consumption.to_pandas()}
    found = metrics.all(volume.to_pandas(), **tables)
    expected = metrics.all(volume, net_imports=volume, consumption=consumption)
    xr.testing.assert_identical(found, expected)


def test_an_argument_no_metric_has_is_refused():
    with pytest.raises(UsageError, match="rik; did you mean risk"):
        metrics.all(make_volume(), rik=1.0)


def test_what_is_no_supply_is_not_taken_for_one():
    with pytest.raises(UsageError, match=r"no metric of volumes has these arguments:\n  - unserved"):
        metrics.all(make_volume(), unserved=make_volume())


def test_errors_are_errors_of_the_library_and_values():
    for kind in (EnergyFlowsError, ValueError):
        with pytest.raises(kind, match="no 'carrier'"):
            metrics.hhi(make_volume(), dim="carrier")
