"""The whole network: provenance, plain PyPSA, an independent programme, and cuts."""

import json

import numpy as np
import pandas as pd
import pypsa
import pytest
from scipy.optimize import linprog

from energyflows import build_network, check_results, load_tables, read_results, solve
from energyflows.results import sum_energy

YEARS = [(2025, "monthly"), (2025, "daily"), (2026, "monthly"), ((2024, 2027), "weekly")]
WHERE = [f"{years} {resolution}" for years, resolution in YEARS]


def optimize(n):
    """Solve with PyPSA alone; return the objective."""
    status = n.optimize(solver_name="highs", include_objective_constant=False, progress=False, log_to_console=False)
    assert status == ("ok", "optimal")
    return n.objective


@pytest.mark.parametrize(("years", "resolution"), YEARS, ids=WHERE)
def test_network_is_consistent(solved, years, resolution):
    solved(years, resolution)[0].consistency_check(strict=["all"])


@pytest.mark.parametrize(("years", "resolution"), YEARS, ids=WHERE)
def test_energy_is_conserved(solved, years, resolution):
    check_results(solved(years, resolution)[1])


@pytest.mark.parametrize(("years", "resolution"), YEARS, ids=WHERE)
def test_weights_are_days(solved, years, resolution):
    n, ds = solved(years, resolution)
    assert n.snapshot_weightings.eq(ds["weight_days"].to_numpy(), axis=0).all(axis=None)
    assert float(ds["weight_days"].sum()) == {2025: 365, 2026: 365}.get(years, 366 + 3 * 365)


def test_all_years_of_one_resolution_hold_the_same_elements(solved):
    assert solved(2025)[1].sizes["link"] == solved(2026)[1].sizes["link"]
    for dim in ("bus", "generator", "store"):
        assert solved(2025)[1][dim].equals(solved(2026)[1][dim])


def test_sources_are_told_with_folder_and_hash(toy_folder):
    tables = load_tables(toy_folder)
    meta = build_network(2025, tables=tables).meta
    sources = json.loads(meta["sources"])
    assert (meta["years"], meta["resolution"]) == ([2025], "monthly")
    assert set(sources) == set(tables)
    for name, table in tables.items():
        passport = table.attrs["provenance"]
        told = {key: sources[name][key] for key in ("folder", "hash", "content")}
        assert told == {key: passport[key] for key in told}


def test_tables_without_passport_are_told_as_given(solved):
    sources = json.loads(solved()[0].meta["sources"])
    assert {(told["folder"], told["hash"]) for told in sources.values()} == {("given", "unknown")}


def test_tables_are_left_as_they_were(toy):
    tables = toy()
    before = {name: table.copy(deep=True) for name, table in tables.items()}
    tables["zones"].attrs["provenance"] = {"folder": "here", "hash": "abc"}
    build_network((2024, 2026), "weekly", tables)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table, before[name])
    assert tables["zones"].attrs == {"provenance": {"folder": "here", "hash": "abc"}}


def test_tables_of_a_user_replace_the_packaged_ones(toy):
    n = build_network(2025, tables=toy())
    assert set(n.buses.index) == {"NL", "DE", "TR", "YAMAL", "LNGEU", "LNGROW", "LNGUS", "DE storage"}
    assert n.links.loc[n.links["carrier"] == "pipeline", "part_of"].nunique() == 4


def test_network_file_opens_in_plain_pypsa_and_solves_to_the_same_cost(solved, tmp_path):
    n, ds = solved()
    n.export_to_netcdf(tmp_path / "toy.nc")
    opened = pypsa.Network(tmp_path / "toy.nc")
    assert opened.meta == n.meta
    assert optimize(opened) == pytest.approx(optimize(n.copy()))
    assert float(read_results(opened)["objective"]) == pytest.approx(float(ds["objective"]))


class Programme:
    """A linear programme of flows, told bus by bus."""

    def __init__(self, days):
        self.days, self.cost, self.reward, self.upper = days, [], [], []
        self.rows, self.right = {}, {}
        self.budgets = []

    def add(self, upper, cost, reward=0.0, **ends):
        """Add one flow per month; ``ends`` gives what a unit of it brings to each bus."""
        start = len(self.cost)
        for month, day in enumerate(self.days):
            self.upper.append(np.broadcast_to(upper, 12)[month])
            self.cost.append(cost * day)
            self.reward.append(reward * day)
            for bus, share in ends.items():
                self.rows.setdefault((bus, month), {})[start + month] = share
        return np.arange(start, start + 12)

    def solve(self):
        matrix = np.zeros((len(self.rows), len(self.cost)))
        for number, row in enumerate(self.rows.values()):
            matrix[number, list(row)] = list(row.values())
        right = [self.right.get(key, 0.0) for key in self.rows]
        energy = np.zeros((len(self.budgets), len(self.cost)))
        for number, (flows, _) in enumerate(self.budgets):
            energy[number, flows] = self.days
        done = linprog(
            np.subtract(self.cost, self.reward),
            A_ub=energy,
            b_ub=[total for _, total in self.budgets],
            A_eq=matrix,
            b_eq=right,
            bounds=[(0, top) for top in self.upper],
            method="highs-ipm",
        )
        assert done.success, done.message
        return done.fun, float(np.dot(self.cost, done.x))


def write_toy(days, shares):
    """Write the toy of 2025 down once more, from its figures alone."""
    lp, year = Programme(days), 365
    demand = {zone: 1e3 * twh * shares / days for zone, twh in {"NL": 73, "DE": 146, "TR": 36.5}.items()}
    for zone, rate in demand.items():
        for price in (240, 320, 430):
            lp.add(0.04 * rate, price, **{zone: 1})
        lp.add(rate, 600, **{zone: 1})
        lp.right.update({(zone, month): rate[month] for month in range(12)})
    row = 365e3 / 12 / days
    for factor in (0.8, 0.9, 1.0, 1.15, 1.4, 2.0, 3.0, 5.0):
        lp.add(0.03 * row, 30 * factor, ROW=1)
    lp.add(1.06 * row.max(), 600, ROW=1)
    lp.right.update({("ROW", month): 1.06 * row[month] for month in range(12)})
    lp.add(20e3 / year, 4, NL=1)
    lp.add(10e3 / year, 4, TR=1)
    lp.budgets.append((lp.add(1.25 * 73e3 / year, 5, 300, YAMAL=1), 73e3))
    lp.budgets.append((lp.add(1.5 * 500e3 / year, 10, US=1), 500e3))
    for pool, least, most, cost in (("POOL", 80e3, 200e3, 2), ("ROW", 200e3, 600e3, 3)):
        lp.add(least / year, cost, 300, US=-1, **{pool: 1})
        lp.add((1.5 * most - least) / year, cost, US=-1, **{pool: 1})
    lp.add(700, 1, POOL=-1, NL=1)
    lp.add(0.99 * 200, 1, 300, YAMAL=-1, DE=1)
    lp.add(0.02 * 200, 1, YAMAL=-1, DE=1)
    lp.add(600, 0.5, NL=-1, DE=1)
    lp.add(600, 0.6, DE=-1, NL=1)
    lp.add(10, 2, 300, DE=-1, TR=0.99)
    lp.add(190, 2, DE=-1, TR=0.99)
    lp.add(300, 0.5, DE=-1, tank=1)
    lp.add(500, 0.2, DE=1, tank=-1)
    add_tank(lp, days)
    return lp


def add_tank(lp, days):
    """Add two slices of 30 and 10 TWh; at the end the lower one earns and the upper one costs 300 EUR/MWh."""
    for size, worth, start in ((30e3, 300, 30e3), (10e3, -300, 0)):
        level = np.arange(len(lp.cost), len(lp.cost) + 12)
        lp.upper += [size] * 12
        lp.cost += [0.0] * 12
        lp.reward += [0.0] * 11 + [worth]
        for month in range(12):
            row = lp.rows.setdefault(("tank", month), {})
            row[level[month]] = -1 / days[month]
            if month:
                row[level[month - 1]] = 1 / days[month]
        lp.right[("tank", 0)] = lp.right.get(("tank", 0), 0.0) - start / days[0]


def test_independent_programme_finds_the_same_cost(solved):
    n, ds = solved()
    days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    shares = np.array([0.12, 0.11, 0.1, 0.08, 0.06, 0.05, 0.05, 0.05, 0.06, 0.09, 0.11, 0.12])
    rewarded, cost = write_toy(days, shares).solve()
    assert rewarded == pytest.approx(optimize(n.copy()), rel=1e-8)
    assert cost == pytest.approx(float(ds["objective"]), rel=1e-8)


CUTS = {
    "Russian route": "route == 'YAMAL'",
    "LNG": "carrier == 'lng'",
    "home production": "route == 'home'",
    "everything": "carrier in ['lng', 'pipeline gas', 'gas']",
}


@pytest.mark.parametrize("which", CUTS.values(), ids=CUTS.keys())
def test_network_stays_feasible_without_a_supply(toy, which):
    n = build_network(2025, "weekly", toy())
    n.generators.loc[n.generators.query(which).index, ["p_nom", "e_sum_max"]] = 0.0
    ds = solve(n)
    check_results(ds)
    gone = ds["supplied"].sel(generator=ds["generator"].isin(n.generators.query(which)["part_of"].unique()))
    assert gone.size
    assert float(gone.sum()) == 0


def test_without_any_supply_what_the_store_does_not_hold_is_given_up_or_unserved(toy):
    n = build_network(2026, tables=toy())
    n.generators.loc[n.generators.query(CUTS["everything"]).index, ["p_nom", "e_sum_max"]] = 0.0
    ds = solve(n)
    row = sum_energy((ds["unserved"] + ds["response"]).sel(bus="LNGROW"), ds)
    assert float(row.item()) == pytest.approx(1.06 * 365)
    rest = ds.sel(bus=["NL", "DE", "TR"])
    missing = float(sum_energy((rest["unserved"] + rest["response"]).sum("bus"), ds).item())
    assert missing == pytest.approx(255.5 - 30 + float(ds["lost"].sum("link") @ ds["weight_days"]) / 1e3)


@pytest.mark.parametrize("link", ["YAMAL-DE", "DE-TR", "LNGUS-LNGEU"])
def test_network_stays_feasible_without_a_link(toy, link):
    n = build_network(2025, tables=toy())
    n.links.loc[n.links["part_of"] == link, "p_nom"] = 0.0
    ds = solve(n)
    check_results(ds)
    assert float(ds["sent"].sel(link=link).sum()) == 0
