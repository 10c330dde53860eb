"""Tables of games: the middle elasticity with the ends over all, and changes against the first weight."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from energyflows.strategy import tabulate_conduct, tabulate_leverage, tabulate_routes
from energyflows.strategy.tables import average_price

RIGHTS = ["open", "owner"]
#: Not in order: the middle one is the last.
ELASTICITIES = [-0.6, -0.2, -0.3]


@pytest.fixture
def game():
    """Two players under two rules and three elasticities; figures tell where they stand."""
    values = np.arange(12.0).reshape(2, 3, 2) * 1e3
    dims = ("access", "elasticity", "player")
    ds = xr.Dataset(
        {"surplus": (dims, values), "share": (dims, values / 1e3), "alone": (dims, -values)},
        {"access": RIGHTS, "elasticity": ELASTICITIES, "player": ["R", "A"]},
    )
    ds["coordination"] = (("access", "elasticity", "group"), values[..., :1])
    ds["interaction"] = (("access", "elasticity", "group"), -values[..., :1])
    return ds.assign_coords(group=["R + A"])


def test_leverage_is_told_at_the_middle_with_the_ends(game):
    found = tabulate_leverage(game)
    assert set(found) == {"leverage", "coordination"}
    rows = found["leverage"].set_index(["access", "player"])
    assert rows.index.tolist() == [("open", "R"), ("open", "A"), ("owner", "R"), ("owner", "A")]
    figures = ["surplus_bn_eur", "share", "alone_bn_eur"]
    assert list(rows) == [f"{name}{end}" for name in figures for end in ("", "_low", "_high")]
    assert rows.loc[("open", "R")].tolist() == [4, 0, 4, 4, 0, 4, -4, -4, 0]
    assert rows.loc[("owner", "A")].tolist() == [11, 7, 11, 11, 7, 11, -11, -11, -7]
    group = found["coordination"].set_index(["access", "group"]).loc[("owner", "R + A")]
    assert group.to_dict() == {
        "gain_bn_eur": 10,
        "gain_bn_eur_low": 6,
        "gain_bn_eur_high": 10,
        "interaction_bn_eur": -10,
        "interaction_bn_eur_low": -10,
        "interaction_bn_eur_high": -6,
    }


def test_one_elasticity_has_no_range_and_no_groups_no_table(game):
    one = game.sel(elasticity=-0.3, access="owner").drop_vars(["coordination", "interaction", "group"])
    found = tabulate_leverage(one)
    assert set(found) == {"leverage"}
    rows = found["leverage"].set_index("player")
    assert (rows["surplus_bn_eur"] == rows["surplus_bn_eur_low"]).all()
    assert (rows["surplus_bn_eur"] == rows["surplus_bn_eur_high"]).all()
    assert rows["surplus_bn_eur"].to_dict() == {"R": 10, "A": 11}


def test_further_leads_are_columns(game):
    years = xr.concat([game, 2 * game], pd.Index([2021, 2025], name="year"))
    rows = tabulate_leverage(years)["leverage"]
    assert rows.columns[:3].tolist() == ["year", "access", "player"]
    assert rows.groupby("year")["surplus_bn_eur"].sum().to_dict() == {2021: 30, 2025: 60}


def test_routes_are_told_by_route_and_player(game):
    routes = xr.concat([game[["surplus"]], -game[["surplus"]]], pd.Index(["TAP", "hub"], name="route"))
    rows = tabulate_routes(routes).set_index(["route", "access", "player"])
    assert list(rows) == ["surplus_bn_eur", "surplus_bn_eur_low", "surplus_bn_eur_high"]
    assert rows.loc[("TAP", "open", "A")].tolist() == [5, 1, 5]
    assert rows.loc[("hub", "open", "A")].tolist() == [-5, -5, -1]


@pytest.fixture
def sweep():
    """Two zones and one outside over two periods, at two weights."""
    along = ("coordination", "snapshot", "bus")
    return xr.Dataset(
        {
            "price": (along, [[[10.0, 20, 99], [30, np.nan, 99]], [[20, 40, 99], [60, np.nan, 99]]]),
            "consumed": (along, [[[1.0, 3, 9], [2, 0, 9]]] * 2),
            "consumer_surplus": (("coordination", "bus"), [[5e3, 6e3, 9e9], [3e3, 5e3, 0]]),
            "welfare": ("coordination", [50e3, 45e3]),
            "profit": (("coordination", "supplier"), [[1e3, 2e3], [4e3, 1e3]]),
            "weight_days": ("snapshot", [10.0, 20.0]),
        },
        {"coordination": [0.0, 1.0], "bus": ["NL", "DE", "TR"], "supplier": ["RU", "AZ"]},
    )


def test_the_mean_price_is_weighted_by_consumption_and_days(sweep):
    mean = (10 * 1 * 10 + 20 * 3 * 10 + 30 * 2 * 20) / (1 * 10 + 3 * 10 + 2 * 20)
    found = average_price(sweep, ["NL", "DE", "FR"])
    assert found.to_numpy() == pytest.approx([mean, 2 * mean])
    assert float(average_price(sweep.isel(coordination=0), ["TR"])) == 99


def test_conduct_is_told_as_changes_from_the_first_weight(sweep):
    rows = tabulate_conduct(sweep, ["NL", "DE"])
    assert rows.index.name == "coordination"
    assert (rows.loc[0.0].filter(like="change") == 0).all()
    last = rows.loc[1.0]
    assert last["price_change"] == pytest.approx(last["price_eur_mwh"] / 2)
    assert last["consumer_surplus_change_bn_eur"] == -3
    assert last["welfare_change_bn_eur"] == -5
    assert (last["profit_bn_eur_RU"], last["profit_change_bn_eur_RU"]) == (4, 3)
    assert (last["profit_bn_eur_AZ"], last["profit_change_bn_eur_AZ"]) == (1, -1)


def test_conduct_keeps_elasticities_apart(sweep):
    both = xr.concat([sweep, sweep * 3], pd.Index([-0.6, -0.3], name="elasticity"))
    both["weight_days"] = sweep["weight_days"]
    rows = tabulate_conduct(both, ["NL", "DE"]).reset_index().set_index(["elasticity", "coordination"])
    assert rows.loc[(-0.6, 1.0), "profit_change_bn_eur_RU"] == 3
    assert rows.loc[(-0.3, 1.0), "profit_change_bn_eur_RU"] == 9
    assert len(rows) == 4
