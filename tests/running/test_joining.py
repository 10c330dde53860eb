"""Results behind and beside each other, whatever elements they have."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows.results import UNITS
from energyflows.running import join_scenarios, join_years
from energyflows.running._joining import align, read_meta


def build(links, values, *, start="2025-01-01", years=(2025,), **told):
    """Return the least that can be joined: one bus, some links."""
    snapshots = pd.date_range(start, periods=2, freq="MS")
    ds = xr.Dataset(
        {
            "sent": (("snapshot", "link"), np.array([values, values], dtype=float), {"units": UNITS["sent"]}),
            "price": (("snapshot", "bus"), [[1.0], [2.0]], {"units": UNITS["price"]}),
            "objective": ((), float(sum(values)), {"units": UNITS["objective"]}),
        },
        coords={
            "snapshot": snapshots,
            "bus": ["A"],
            "link": np.array(links, dtype=str),
            "generator": np.array([], dtype=str),
            "store": np.array([], dtype=str),
            "bus0": ("link", [f"from {link}" for link in links]),
            "is_storage_link": ("link", [link == "s" for link in links]),
            "weight_days": ("snapshot", [31.0, 28.0]),
        },
    )
    return ds.assign_attrs(meta=json.dumps({"years": list(years), **told}))


def test_equal_elements_are_left_alone():
    parts = [build(["a", "b"], [1, 2]), build(["a", "b"], [3, 4])]
    assert all(one is other for one, other in zip(align(parts), parts, strict=True))


def test_elements_are_united_in_the_order_they_are_met():
    even = align([build(["a", "b"], [1, 2]), build(["s", "b", "c"], [3, 4, 5])])
    assert [part["link"].to_numpy().tolist() for part in even] == [["a", "b", "s", "c"]] * 2
    assert even[0]["sent"].isel(snapshot=0).to_numpy().tolist() == [1, 2, 0, 0]
    assert even[1]["sent"].isel(snapshot=0).to_numpy().tolist() == [0, 4, 3, 5]
    assert even[0]["bus0"].to_numpy().tolist() == ["from a", "from b", "from s", "from c"]
    assert even[1]["is_storage_link"].to_numpy().tolist() == [False, False, True, False]


def test_elements_in_another_order_are_matched_by_name():
    joined = join_scenarios({"one": build(["a", "b"], [1, 2]), "other": build(["b", "a"], [20, 10])})
    assert joined["link"].to_numpy().tolist() == ["a", "b"]
    assert joined["sent"].isel(snapshot=0).to_numpy().tolist() == [[1, 2], [10, 20]]
    assert joined["bus0"].to_numpy().tolist() == ["from a", "from b"]


def test_scenarios_keep_units_and_fixed_columns():
    joined = join_scenarios({"one": build(["a"], [1]), "other": build(["a", "s"], [2, 3])})
    assert {name: joined[name].attrs["units"] for name in joined.data_vars} == {
        name: UNITS[name] for name in ("sent", "price", "objective")
    }
    assert joined["objective"].to_series().to_dict() == {"one": 1.0, "other": 5.0}
    assert joined["is_storage_link"].to_numpy().tolist() == [False, True]
    assert set(joined.coords) == {
        "scenario", "snapshot", "bus", "link", "generator", "store", "bus0", "is_storage_link", "weight_days",
    }  # fmt: skip


def test_meta_of_scenarios_stands_by_name():
    told = {"name": "other", "notes": ["n"], "labels": [], "ownership": []}
    joined = join_scenarios(
        {"one": build(["a"], [1], sources="s"), "other": build(["a"], [2], scenario=json.dumps(told))}
    )
    meta = json.loads(joined.attrs["meta"])
    assert meta == {
        "years": [2025],
        "sources": "s",
        "scenarios": {"one": {"notes": [], "labels": [], "ownership": []}, "other": told},
    }


def test_years_add_up_and_elements_of_one_year_are_zero_in_the_other():
    joined = join_years(
        [build(["a"], [1]), build(["a", "c"], [2, 3], start="2026-01-01", years=(2026,))],
    )
    assert joined["sent"].sel(link="c").to_numpy().tolist() == [0, 0, 3, 3]
    assert float(joined["objective"]) == 6.0
    assert joined["objective"].attrs == {"units": UNITS["objective"]}
    assert read_meta(joined)["years"] == [2025, 2026]


def test_notes_of_years_are_told_once_and_labels_too():
    def say(*notes):
        label = {"at": "x", "to": "AZ"}
        return json.dumps({"name": "x", "notes": list(notes), "labels": [label], "ownership": []})

    parts = [
        build(["a"], [1], scenario=say("first", "both")),
        build(["a"], [1], start="2026-01-01", years=(2026,), scenario=say("both", "last")),
    ]
    told = read_meta(join_years(parts))["scenario"]
    assert told["notes"] == ["first", "both", "last"]
    assert told["labels"] == [{"at": "x", "to": "AZ"}]


def test_results_of_other_times_are_not_put_beside_each_other():
    with pytest.raises(ValueError, match="join='exact'"):
        join_scenarios({"one": build(["a"], [1]), "other": build(["a"], [1], start="2026-01-01")})
