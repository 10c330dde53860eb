"""What a run says: closed forms on the toy, observed figures beside modelled ones."""

import numpy as np
import pandas as pd
import pytest

from energyflows import load_tables, run, summarise
from energyflows.summary import GCV, list_bent, list_binding, list_unused
from energyflows.summary._observed import average_price, find_stock, rank_confidence, sum_imports, sum_years

LOSS_TO_TR = 26.5 / 0.99 - 26.5
LNG = 219 - 20 - 73 + 26.5 + LOSS_TO_TR  # EU demand less Dutch production and Yamal, plus what Turkiye takes


@pytest.fixture(scope="session")
def solved(toy):
    """Results of the toy's years 2025 (observed) and 2026 (outlook)."""
    return run(years=(2025, 2026), tables=toy())


@pytest.fixture(scope="session")
def told(toy, solved):
    """Tables of those years."""
    return summarise(solved, toy())


@pytest.fixture
def tell(toy, toy_rows):
    """Return a factory: solve the toy of one year after its text rows were changed."""

    def make(change, year=2025):
        change(toy_rows)
        tables = toy(**toy_rows)
        return summarise(run(years=year, tables=tables), tables)

    return make


def pick(frame, **cells):
    """Return the one row with these cells."""
    for column, value in cells.items():
        frame = frame[frame[column] == value]
    [(_, row)] = frame.iterrows()
    return row


def test_all_tables_are_told(told):
    assert list(told) == ["years", "imports", "corridors", "accounts", "metrics", "unused", "binding", "bent"]


def test_a_price_below_zero_is_told_with_its_bus(solved):
    bent = list_bent(solved.assign(price=solved["price"] - 100 * (solved["bus"] == "TR")))
    assert set(bent["bus"]) == {"TR"}
    assert (bent["lowest_eur_mwh"] < 0).all()
    assert list_bent(solved.assign(price=abs(solved["price"]))).empty


def test_an_observed_figure_is_as_sure_as_its_weakest_row():
    rows = [("A-B", "2025-01", "observed"), ("A-B", "2025-02", "estimate"), ("A-B", "2024", "derived")]
    ranks = rank_confidence(pd.DataFrame(rows, columns=["series", "period", "confidence"]), [2023, 2024, 2025])
    assert ranks.loc["A-B", [2024, 2025]].tolist() == ["derived", "estimate"]
    assert pd.isna(ranks.at["A-B", 2023])


# ------------------------------------------------------------------ years
def test_consumption_of_the_eu_is_its_demand(told):
    assert told["years"]["eu27_consumed_twh"].tolist() == pytest.approx([219, 219])
    assert told["years"][["eu27_unserved_twh", "all_unserved_twh"]].to_numpy() == pytest.approx(0, abs=1e-9)


def test_stock_of_the_outlook_meets_the_filling_target(told):
    assert told["years"].at[2026, "eu27_stock_1_nov_twh"] == pytest.approx(0.9 * 40)
    assert told["years"]["eu27_working_volume_twh"].tolist() == [40, 40]


def test_price_is_the_average_by_days(toy):
    ds = run(years=2025, tables=toy())
    days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    expected = np.average(ds["price"].sel(bus="NL"), weights=days)
    assert summarise(ds, toy())["years"].at[2025, "price_nl_eur_mwh"] == pytest.approx(expected)
    assert summarise(ds, toy())["years"].at[2025, "price_ttf_observed_eur_mwh"] == 30


def test_unserved_energy_is_told_where_it_falls(tell):
    def starve_turkiye(rows):
        next(row for row in rows["pipelines"] if row["pipeline"] == "DE-TR")["capacity_gwh_d"] = 10

    years = tell(starve_turkiye)["years"]
    # Turkiye has 10 TWh of its own and 3.65 from Germany for 36.5, and gives up 12 % because of price.
    assert years.at[2025, "all_unserved_twh"] == pytest.approx(36.5 - 10 - 3.65 * 0.99 - 0.12 * 36.5)
    assert years.at[2025, "eu27_unserved_twh"] == pytest.approx(0, abs=1e-9)


# ------------------------------------------------------------------ imports of the EU
@pytest.mark.parametrize(
    ("origin", "kind", "twh"), [("RU", "pipeline", 73), ("TR", "pipeline", -26.5), ("US", "lng", LNG)]
)
def test_imports_are_those_worked_out_by_hand(told, origin, kind, twh):
    row = pick(told["imports"], year=2025, origin=origin, kind=kind)
    assert row["twh"] == pytest.approx(twh, rel=1e-6)
    assert row["bcm"] == pytest.approx(twh / GCV, rel=1e-6)
    assert row["share"] == pytest.approx(twh / (73 - 26.5 + LNG), rel=1e-6)


def test_shares_add_up_to_one(told):
    shares = told["imports"].groupby("year")["share"].sum()
    assert shares.to_dict() == pytest.approx({2025: 1, 2026: 1})


def test_all_lng_is_the_sum_over_its_suppliers(told):
    imports = told["imports"]
    lng = imports[imports["kind"] == "lng"].groupby("year")["twh"].sum()
    assert told["years"]["eu27_lng_twh"].to_dict() == pytest.approx(lng.to_dict())


def test_observed_imports_stand_beside_where_there_are_some(told):
    assert pick(told["imports"], year=2025, origin="RU")["observed_twh"] == pytest.approx(73)
    assert np.isnan(pick(told["imports"], year=2026, origin="RU")["observed_twh"])


def test_all_lng_has_its_observed_total(tell):
    def observe(rows):
        row = {**rows["observed_imports"][-1], "series": "EU27-all-lng", "origin": "all", "kind": "lng", "twh": 150}
        rows["observed_imports"].append(row)

    told = tell(observe)
    assert told["years"]["eu27_lng_observed_twh"].tolist() == pytest.approx([150])
    assert np.isnan(pick(told["imports"], origin="US")["observed_twh"])


@pytest.mark.slow
def test_packaged_lng_is_summed_and_the_unnamed_rest_has_no_observed_figure():
    tables = load_tables()
    told = summarise(run(years=2021, tables=tables), tables)
    rows = tables["observed_imports"]
    observed = rows[(rows["series"] == "EU27-all-lng") & rows["period"].str.startswith("2021-")]
    assert len(observed) == 12
    assert told["years"]["eu27_lng_observed_twh"].tolist() == pytest.approx([observed["twh"].sum()])
    assert np.isnan(pick(told["imports"], origin="XX", kind="lng")["observed_twh"])


# ------------------------------------------------------------------ observed series
def series(name, figures, *, origin="US", importer="EU27"):
    """Rows of one yearly series."""
    return pd.DataFrame(
        [(name, importer, origin, "lng", str(year), "year", twh) for year, twh in figures.items()],
        columns=["series", "importer", "origin", "kind", "period", "frequency", "twh"],
    )


def observe(*rows):
    return sum_imports(pd.concat(rows, ignore_index=True), [2024, 2025])


def test_the_plain_series_goes_before_others():
    table = observe(series("EU27-US-lng-landed", {2024: 1, 2025: 2}), series("EU27-US-lng", {2024: 3, 2025: 4}))
    assert table.loc[("US", "lng")].tolist() == pytest.approx([3, 4])


def test_a_year_the_plain_series_lacks_is_taken_from_the_next():
    table = observe(series("EU27-US-lng-landed", {2024: 1, 2025: 2}), series("EU27-US-lng", {2025: 4}))
    assert table.loc[("US", "lng")].tolist() == pytest.approx([1, 4])


def test_without_a_plain_series_the_first_that_covers_the_year_is_taken():
    table = observe(series("EU27-US-a", {2024: 1}), series("EU27-US-b", {2024: 5, 2025: 6}))
    assert table.loc[("US", "lng")].tolist() == pytest.approx([1, 6])


@pytest.mark.parametrize("origin", ["XX", "rest"])
def test_remainders_are_left_out(origin):
    rest = series(f"EU27-{origin}-lng", {2025: 9}, origin=origin)
    assert observe(series("EU27-US-lng", {2025: 4}), rest).index.tolist() == [("US", "lng")]


def test_other_importers_are_left_out():
    other = series("TR-US-lng", {2025: 9}, importer="TR")
    assert observe(other, series("EU27-US-lng", {2025: 4})).loc[("US", "lng"), 2025] == pytest.approx(4)


def test_a_year_observed_in_part_has_no_total():
    rows = pd.DataFrame({"period": ["2025-01", "2025-02"], "frequency": "month", "twh": [1.0, 2.0]})
    assert sum_years(rows, [2025]).isna().all()


def test_months_make_a_year():
    rows = pd.DataFrame({"period": [f"2025-{m:02}" for m in range(1, 13)], "frequency": "month", "twh": range(12)})
    assert sum_years(rows, [2024, 2025]).tolist() == pytest.approx([np.nan, 66], nan_ok=True)


@pytest.mark.parametrize(("day", "stock"), [("2025-11-01", 30), ("2025-11-02", 30), ("2025-11-03", None)])
def test_a_stock_is_that_of_the_date_or_the_day_before(day, stock):
    levels = pd.DataFrame(
        {"zone": ["EU27"], "date": [pd.Timestamp("2025-11-01")], "twh": [30.0], "confidence": ["derived"]}
    )
    found = find_stock(levels, pd.Timestamp(day))
    assert np.isnan(found) if stock is None else found == stock
    assert np.isnan(find_stock(levels.assign(confidence="estimate"), pd.Timestamp(day)))


@pytest.mark.parametrize(("months", "price"), [(12, 20), (11, 50)])
def test_a_price_is_the_mean_of_twelve_months_else_the_yearly_one(months, price):
    monthly = [("TTF", f"2025-{month:02}", "month", 20.0) for month in range(1, months + 1)]
    columns = ["hub", "period", "frequency", "eur_mwh"]
    rows = [*monthly, ("TTF", "2025", "year", 50.0), ("JKM", "2025", "year", 90.0)]
    prices = pd.DataFrame(rows, columns=columns).assign(confidence="derived")
    assert average_price(prices, "TTF", 2025) == price
    assert np.isnan(average_price(prices.assign(confidence="estimate"), "TTF", 2025))
    assert np.isnan(average_price(prices, "TTF", 2024))


# ------------------------------------------------------------------ corridors
def test_a_corridor_is_told_with_its_use_and_its_observed_flow(told):
    row = pick(told["corridors"], year=2025, link="YAMAL-DE")
    assert row["group"] == "russian-route"
    assert row["twh"] == pytest.approx(73)
    assert row["capacity_twh"] == pytest.approx(146)
    assert row["utilisation"] == pytest.approx(0.5)
    assert row["observed_twh"] == pytest.approx(73)
    assert row["deviation"] == pytest.approx(0, abs=1e-6)


def test_border_links_are_not_corridors(told):
    assert set(told["corridors"]["link"]) == {"YAMAL-DE"}


def test_a_followed_link_is_input_only_where_observed(told):
    assert told["corridors"].set_index("year")["role"].to_dict() == {2025: "input", 2026: "free"}


def unpin(rows):
    """Let the link follow nothing; its route still does."""
    rows["pipelines"][0]["follows"] = ""


def add_exit(capacity):
    def change(rows):
        unpin(rows)
        exit_ = {**rows["pipelines"][0], "pipeline": "YAMAL-NL", "to": "NL", "capacity_gwh_d": capacity}
        rows["pipelines"].append(exit_)

    return change


def add_entry(rows):
    unpin(rows)
    rows["pipelines"].append({**rows["pipelines"][0], "pipeline": "DE-YAMAL", "from": "DE", "to": "YAMAL"})


def add_free_supply(rows):
    unpin(rows)
    first = rows["supply"][0]
    rows["supply"] += [{**first, "year": year, "tier": "flexible", "follows": "", "twh": 5} for year in (2025, 2026)]


def unpin_supply(rows):
    unpin(rows)
    for row in rows["supply"]:
        row["follows"] = ""


@pytest.mark.parametrize(
    ("change", "role"),
    [
        pytest.param(unpin, "input", id="only exit of an observed route"),
        pytest.param(add_exit(0), "input", id="other exit is closed"),
        pytest.param(add_exit(10), "free", id="another exit"),
        pytest.param(add_entry, "free", id="gas comes in by pipeline too"),
        pytest.param(add_free_supply, "free", id="supply beyond the observed one"),
        pytest.param(unpin_supply, "free", id="supply follows nothing"),
    ],
)
def test_the_only_way_out_of_an_observed_route_is_input(tell, change, role):
    assert pick(tell(change)["corridors"], link="YAMAL-DE")["role"] == role


def test_the_only_way_out_of_a_route_is_free_where_it_is_not_observed(tell):
    assert pick(tell(unpin, year=2026)["corridors"], link="YAMAL-DE")["role"] == "free"


# ------------------------------------------------------------------ unused and binding
def test_nothing_is_unused_in_the_toy(told):
    assert told["unused"].empty


def test_supply_that_cannot_flow_is_listed_as_unused(tell):
    def narrow(rows):
        unpin(rows)
        rows["pipelines"][0]["capacity_gwh_d"] = 100

    row = pick(tell(narrow)["unused"], generator="RU YAMAL minimum")
    assert row["available_twh"] == pytest.approx(73)
    assert row["unused_twh"] == pytest.approx(73 - 36.5)


def test_small_amounts_are_not_listed(toy):
    ds = run(years=2025, tables=toy()).copy(deep=True)
    ds["supplied"].loc[{"generator": "RU YAMAL minimum"}] -= 0.2  # 0.073 TWh in a year
    assert list_unused(ds).empty
    assert list_unused(ds, least_twh=0.05)["unused_twh"].tolist() == pytest.approx([0.073])


def bound_lng(low, high, sendout=1000):
    def change(rows):
        for row in rows["lng_suppliers"]:
            if row["pool"] == "LNGEU":
                row |= {"min_twh": low, "twh": low, "max_twh": high}
        rows["lng_terminals"][0]["sendout_gwh_d"] = sendout

    return change


def test_a_minimum_that_decides_the_flow_is_listed_with_its_ends(tell):
    row = pick(tell(bound_lng(145, 300))["binding"], link="LNGUS-LNGEU")
    assert (row["bus0"], row["bus1"]) == ("LNGUS", "LNGEU")
    assert row["snapshots"] == 10  # stores are full in October, and a cold December takes more
    assert row["short_twh"] == pytest.approx(0, abs=1e-6)


def test_a_minimum_that_decides_nothing_is_not_listed(tell):
    assert "LNGUS-LNGEU" not in set(tell(bound_lng(1, 300))["binding"]["link"])


def test_a_minimum_that_cannot_be_met_is_short(tell):
    row = pick(tell(bound_lng(190, 300, sendout=400))["binding"], link="LNGUS-LNGEU")
    assert row["short_twh"] == pytest.approx(190 - 146)


def test_a_year_without_minima_binds_nothing(toy):
    ds = run(years=2025, tables=toy()).copy(deep=True)
    ds["minimum"][:] = 0
    assert list_binding(ds).empty
