"""Dependence, disruption and flexibility against linear programmes written down here, and on the packaged network."""

import re
from functools import partial

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import energyflows as ef
from energyflows.ensemble.outages import list_outages
from energyflows.errors import ResultsError, UnknownNameError, UsageError
from energyflows.metrics._disruption import disrupted_demand, disrupted_rate, remaining_flexibility
from energyflows.metrics._resolves import minimum_annual_supply_dependence, supply_dependence
from energyflows.metrics.catalogue import describe_page

ZONES = ["A", "B", "C"]
RESORTS = {zone: [f"{zone} unserved", f"{zone} response"] for zone in ZONES}
ROUTES = [(0, 1), (1, 0), (1, 2), (2, 1)]


class World:
    """Three zones in a row: supply of each, pipes between them, a supplier ``RU`` that delivers to each."""

    def __init__(self, demand, own, pipes, russian):
        self.demand, self.own, self.pipes, self.russian = map(np.array, (demand, own, pipes, russian))

    @property
    def wanted(self):
        return xr.DataArray(self.demand.astype(float), coords={"bus": ZONES})

    def bounds(self, demand, *, russian=0.0):
        """Return rows and bounds: what comes in, own supply, what flows, and what is missing meet demand."""
        balance = np.zeros((3, 10))
        balance[:, :3] = balance[:, 7:] = np.eye(3)
        for place, (tail, head) in enumerate(ROUTES):
            balance[tail, 3 + place], balance[head, 3 + place] = -1, 1
        most = [*(self.own + russian * self.russian), *np.repeat(self.pipes, 2), *demand]
        return balance, demand, [(0, size) for size in most]

    def engine(self, draws):
        """Solve each draw; the dearer demand given up is, the later it is."""
        missing = np.array([self._solve(draws.isel(draw=k)) for k in range(draws.sizes["draw"])])
        unserved = xr.DataArray(missing, dims=("draw", "bus"), coords={"bus": ZONES})
        return xr.Dataset({"unserved_sum": 0.75 * unserved, "response_sum": 0.25 * unserved})

    def _solve(self, draw):
        factor = (
            draw["demand_factor"].reindex(bus=ZONES, fill_value=1.0).to_numpy()
            if "demand_factor" in draw
            else np.ones(3)
        )
        components = draw["component"].to_numpy().tolist()
        russian = float(draw["capacity_factor"].sel(component="RU")) if "RU" in components else 1.0
        costs = [100 + float(draw["cost_add"].sel(component=f"{z} unserved")) if f"{z} unserved" in components else 100
                 for z in ZONES]  # fmt: skip
        rows, rhs, bounds = self.bounds(self.demand * factor, russian=russian)
        found = linprog([1.0] * 3 + [0.01] * 4 + costs, A_eq=rows, b_eq=rhs, bounds=bounds)
        return found.x[7:]

    def serve(self, zones, *, russian=0.0):
        """Return the least that some zones have to go without, whatever the others do."""
        rows, rhs, bounds = self.bounds(self.demand, russian=russian)
        cost = np.zeros(10)
        cost[[7 + ZONES.index(zone) for zone in zones]] = 1.0
        return linprog(cost, A_eq=rows, b_eq=rhs, bounds=bounds).fun

    def share(self):
        """Return lexicographically least rates: minimise the highest, hold the zones that cannot do better, go on."""
        rows, rhs, bounds = self.bounds(self.demand)
        rates = np.full(3, np.nan)
        while np.isnan(rates).any():
            level = self._lower(rows, rhs, bounds, rates, np.isnan(rates))
            free = np.flatnonzero(np.isnan(rates))
            capped = np.where(np.isnan(rates), level + 1e-9, rates)
            held = [z for z in free if self._lower(rows, rhs, bounds, capped, np.arange(3) == z) > level - 1e-6]
            rates[held or free] = level
        return rates

    def _lower(self, rows, rhs, bounds, rates, chosen):
        """Return the least common rate of the chosen zones, the others at most at their rates."""
        wide = np.hstack([rows, np.zeros((3, 1))])
        below = np.zeros((3, 11))
        below[:, 7:10] = np.eye(3)
        below[chosen, 10] = -self.demand[chosen]
        most = np.where(chosen, 0.0, np.nan_to_num(rates) * self.demand)
        found = linprog(np.eye(11)[10], A_ub=below, b_ub=most, A_eq=wide, b_eq=rhs, bounds=[*bounds, (0, 1)])
        assert found.status == 0
        return found.fun


#: 300 wanted, 190 without RU; C has a field of its own and a narrow pipe.
WORLD = World(demand=[100, 150, 50], own=[60, 100, 30], pipes=[40, 10], russian=[50, 50, 20])
VOLUMES = st.integers(0, 60)
WORLDS = st.builds(
    World,
    demand=st.tuples(*[st.integers(20, 100)] * 3),
    own=st.tuples(*[VOLUMES] * 3),
    pipes=st.tuples(*[VOLUMES] * 2),
    russian=st.tuples(*[VOLUMES] * 3),
)


def depend(world, **options):
    return supply_dependence(world.engine, ["RU"], world.wanted, resorts=RESORTS, **options)


def test_dependence_by_hand():
    # A gets 40 from B, which gets 40 from A and 10 from C; C gets 10 from B.
    assert depend(WORLD).to_series().to_dict() == pytest.approx({"A": 0.0, "B": 0.0, "C": 0.2})
    # 100 are missing; C cannot give up less than a fifth, nor need it give up more than the others: 110 of 300.
    assert depend(WORLD, cooperative=True).to_numpy() == pytest.approx(np.full(3, 110 / 300), abs=1e-4)


def test_a_zone_cut_off_does_not_drag_the_others_down():
    world = World(demand=[100, 100, 100], own=[100, 60, 20], pipes=[50, 0], russian=[0, 40, 80])
    found = depend(world, cooperative=True).to_numpy()
    assert found == pytest.approx([0.2, 0.2, 0.8], abs=1e-4)


def test_nothing_is_missing_where_others_suffice():
    world = World(demand=[10, 10, 10], own=[30, 0, 10], pipes=[60, 0], russian=[9, 9, 9])
    for cooperative in (False, True):
        assert depend(world, cooperative=cooperative).to_numpy().tolist() == [0.0, 0.0, 0.0]


@settings(max_examples=25)
@given(WORLDS)
def test_dependence_is_what_linear_programmes_find(world):
    alone = np.array([world.serve([zone]) for zone in ZONES]) / world.demand
    np.testing.assert_allclose(depend(world), alone, atol=1e-4)


@settings(max_examples=25)
@given(WORLDS)
def test_shared_rates_are_what_linear_programmes_find(world):
    found = depend(world, cooperative=True)
    np.testing.assert_allclose(found, world.share(), atol=5e-4)
    assert bool((found >= depend(world) - 2e-4).all())


@settings(max_examples=10)
@given(WORLDS)
def test_a_group_depends_as_linear_programmes_find(world):
    found = minimum_annual_supply_dependence(
        world.engine, ["RU"], world.wanted, resorts=RESORTS, groups={"all": ZONES, "two": ["A", "C"]}
    )
    expected = [world.serve(ZONES) / world.demand.sum(), world.serve(["A", "C"]) / world.demand[[0, 2]].sum()]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_disrupted_demand_is_rate_times_demand_with_units():
    rate = disrupted_rate(WORLD.engine, WORLD.wanted, without=["RU"], resorts=RESORTS)
    found = disrupted_demand(WORLD.engine, WORLD.wanted, without=["RU"], resorts=RESORTS)
    xr.testing.assert_allclose(found, rate * WORLD.wanted)
    assert (rate.attrs["units"], found.attrs["units"]) == ("1", "GWh")


def test_flexibility_by_hand():
    world = World(demand=[40, 40, 40], own=[60, 60, 50], pipes=[10, 5], russian=[0, 0, 0])
    found = remaining_flexibility(world.engine, world.wanted, resorts=RESORTS)
    # Spare 20, 20 and 10; A can draw 10 from B, B 10 from A and 5 from C, C 5 from B.
    assert found.to_series().to_dict() == pytest.approx({"A": 30 / 40, "B": 35 / 40, "C": 15 / 40})
    half = remaining_flexibility(world.engine, world.wanted, resorts=RESORTS, rise=0.5)
    assert half.to_numpy() == pytest.approx([1.0, 1.0, 15 / 20])


def test_flexibility_without_a_supplier():
    world = World(demand=[40, 40, 40], own=[40, 40, 40], pipes=[0, 0], russian=[20, 0, 0])
    with_it = remaining_flexibility(world.engine, world.wanted, resorts=RESORTS)
    without = remaining_flexibility(world.engine, world.wanted, resorts=RESORTS, without=["RU"])
    assert (with_it.to_numpy().tolist(), without.to_numpy().tolist()) == ([0.5, 0.0, 0.0], [0.0, 0.0, 0.0])


def test_zones_without_demand_have_no_rate():
    wanted = WORLD.wanted * xr.DataArray([1.0, 0.0, 1.0], coords={"bus": ZONES})
    for cooperative in (False, True):
        found = supply_dependence(WORLD.engine, ["RU"], wanted, resorts=RESORTS, cooperative=cooperative)
        assert np.isnan(found).to_numpy().tolist() == [False, True, False]
    none = supply_dependence(WORLD.engine, ["RU"], 0 * wanted, resorts=RESORTS)
    assert bool(np.isnan(none).all())


def test_wrong_demand_is_told_at_once():
    wrong = xr.DataArray([-1.0, np.nan, 5.0, 5.0], coords={"bus": [*ZONES, "D"]})
    with pytest.raises(UsageError, match=r"(?s)A: found -1.*B: found nan.*D: resorts name nothing"):
        supply_dependence(WORLD.engine, ["RU"], wrong, resorts=RESORTS)
    with pytest.raises(UsageError, match="expected names along 'bus' alone"):
        disrupted_rate(WORLD.engine, xr.DataArray([1.0], dims="zone"), without=["RU"], resorts=RESORTS)


@pytest.mark.parametrize("wrong", ["RU", [], [1]])
def test_a_supplier_is_a_list_of_names(wrong):
    with pytest.raises(UsageError, match="expected a list of names of components"):
        supply_dependence(WORLD.engine, wrong, WORLD.wanted, resorts=RESORTS)


def test_engines_must_solve_and_report():
    def broken(draws):
        return WORLD.engine(draws).where(draws["draw"] > 0)

    with pytest.raises(ResultsError, match="1 of 3 draws have no solution"):
        supply_dependence(broken, ["RU"], WORLD.wanted, resorts=RESORTS)
    with pytest.raises(ResultsError, match="lack response_sum"):
        supply_dependence(lambda d: WORLD.engine(d)[["unserved_sum"]], ["RU"], WORLD.wanted, resorts=RESORTS)


def test_wrong_groups_and_rises():
    with pytest.raises(UnknownNameError, match="north: X"):
        minimum_annual_supply_dependence(
            WORLD.engine, ["RU"], WORLD.wanted, resorts=RESORTS, groups={"north": ["A", "X"]}
        )
    for rise in (0.0, -1.0, np.nan):
        with pytest.raises(UsageError, match="rise: found"):
            remaining_flexibility(WORLD.engine, WORLD.wanted, resorts=RESORTS, rise=rise)


@pytest.mark.slow
def test_a_zone_gets_no_more_than_there_is(toy, monkeypatch):
    monkeypatch.setattr("energyflows.ensemble.running.check_draws", lambda *_, **__: {})
    n = ef.build_network(2026, tables=toy())
    engine = partial(ef.run_ensemble, n, outputs=["unserved_sum", "response_sum"])
    wanted = xr.DataArray([146e3, 73e3, 36.5e3], coords={"bus": ["DE", "NL", "TR"]})
    suppliers = ["RU YAMAL minimum", "US LNGUS export"]
    found = supply_dependence(engine, suppliers, wanted, resorts=ef.metrics.list_resorts(n))
    # 30 TWh in store in Germany and 20 from Dutch fields are left; Türkiye has 10 of its own beside these.
    assert found.to_series().to_dict() == pytest.approx({"DE": 96 / 146, "NL": 23 / 73, "TR": 0.0}, abs=1e-4)


@pytest.fixture(scope="module")
def packaged():
    """Return an engine of each year without its audit, which has tests of its own, and what a metric needs."""
    worlds = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("energyflows.ensemble.running.check_draws", lambda *_, **__: {})
        for year in (2021, 2025):
            n = ef.build_network(year)
            demand = (n.loads_t["p_set"].T @ n.snapshot_weightings["generators"]).rename(n.loads["bus"])
            wanted = xr.DataArray(demand.loc[["DE", "FI", "IT", "MK", "TR"]].rename_axis("bus"))
            engine = partial(ef.run_ensemble, n, outputs=["unserved_sum", "response_sum"])
            worlds[year] = engine, list_outages(n, "suppliers")["RU"], wanted, ef.metrics.list_resorts(n)
        yield worlds


@pytest.mark.slow
def test_who_could_not_do_without_russian_gas_and_who_still_cannot(packaged):
    rates = {}
    for year, (engine, russian, wanted, resorts) in packaged.items():
        rates[year] = supply_dependence(engine, russian, wanted, resorts=resorts).to_series()
    assert (rates[2021][["FI", "MK", "TR"]] > 0.1).all()
    assert (rates[2021][["DE", "IT"]] == 0).all()
    assert (rates[2025] <= rates[2021]).all()
    assert (rates[2025] > 0).to_dict() == {"DE": False, "FI": False, "IT": False, "MK": True, "TR": True}


@pytest.mark.slow
def test_the_example_of_the_page_runs(monkeypatch):
    monkeypatch.setattr("energyflows.ensemble.running.check_draws", lambda *_, **__: {})
    blocks = [text for text in re.findall(r"```python\n(.*?)```", describe_page(), re.DOTALL) if "list_resorts" in text]
    assert len(blocks) == 1
    told = {}
    exec(compile(blocks[0], "metrics.md", "exec"), told)  # noqa: S102 - our own page
    rates = told["dependence"].to_series()
    assert rates.dropna().between(0, 1).all()
    assert rates["DE"] == 0 < rates["MK"] < rates["TR"]
    assert told["standard"]["region"].tolist() == ["Iberia", "Germany"]
    assert told["residual"].set_index("country")["residual_supply"]["DE"] > 1


@pytest.mark.slow
def test_an_unknown_component_is_refused_by_the_engine(packaged):
    engine, _, wanted, resorts = packaged[2025]
    with pytest.raises(UsageError, match="'RU NORDSTREAM9' is not in the network; did you mean 'RU NORDSTREAM"):
        supply_dependence(engine, ["RU NORDSTREAM9"], wanted, resorts=resorts)
