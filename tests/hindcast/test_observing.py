"""What was observed: the fullest and finest rows of each year, and nothing twice."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from energyflows.errors import TableError, UnknownNameError, UsageError
from energyflows.hindcast.observing import check_observed, list_excluded, observe
from energyflows.hindcast.series import list_series
from energyflows.network.calendar import parse_period

SURE = {"source": "toy", "confidence": "observed", "low": "", "high": "", "note": ""}


def flow(period, twh, link="NL-DE", **cells):
    frequency = {4: "year", 6: "quarter", 7: "month"}[len(period)]
    return {"series": link, "link": link, "period": period, "frequency": frequency, "twh": twh, **SURE, **cells}


def landed(zone, ending, period, twh, **cells):
    row = flow(period, twh, **cells)
    del row["link"]
    return {**row, "series": f"{zone}-all-lng{ending}", "importer": zone, "origin": "all", "kind": "lng"}


def list_months(year, twh=1.0, make=flow, count=12, **cells):
    return [make(f"{year}-{month:02d}", twh, **cells) for month in range(1, count + 1)]


@pytest.fixture
def seen(toy, toy_rows):
    """Return a function from more rows of observed tables to what is observed in years."""

    def find(years, *, flows=(), imports=(), **more):
        tables = toy(
            observed_flows=[*toy_rows["observed_flows"], *flows],
            observed_imports=[*toy_rows["observed_imports"], *imports],
            **more,
        )
        return observe(tables, years)

    return find


def tell(frame, series):
    rows = frame[frame["series"] == series]
    return dict(zip(rows["period"], rows["value"], strict=True))


def test_whole_months_go_before_the_year(seen):
    frame = seen([2021], flows=[*list_months(2021), flow("2021", 20)])
    assert tell(frame, "NL-DE") == {f"2021-{month:02d}": 1.0 for month in range(1, 13)}


def test_a_whole_year_goes_before_some_months(seen):
    frame = seen([2021, 2022], flows=[*list_months(2021, count=11), flow("2021", 20), *list_months(2022, count=3)])
    assert tell(frame, "NL-DE") == {"2021": 20.0, "2022-01": 1.0, "2022-02": 1.0, "2022-03": 1.0}


def test_quarters_go_between(seen):
    quarters = [flow(f"2021Q{number}", 5) for number in range(1, 5)]
    assert list(tell(seen([2021], flows=[*quarters, flow("2021", 20)]), "NL-DE")) == [
        "2021Q1",
        "2021Q2",
        "2021Q3",
        "2021Q4",
    ]


def test_no_day_of_a_series_is_told_twice(seen):
    frame = seen(range(2019, 2026), flows=[*list_months(2021), flow("2021", 20), flow("2021Q2", 5)])
    for _, rows in frame.groupby("series"):
        spans = sorted(parse_period(period) for period in rows["period"])
        assert all(after <= start for (_, after), (start, _) in pairwise(spans))


def test_send_out_goes_before_imports_before_landings_where_each_is_whole(seen):
    imports = [
        *list_months(2021, make=lambda p, v: landed("NL", "-sendout", p, v)),
        landed("NL", "", "2021", 11),
        landed("NL", "-landed", "2021", 10),
        *list_months(2022, make=lambda p, v: landed("NL", "-sendout", p, v), count=3),
        landed("NL", "-landed", "2022", 9),
        landed("NL", "", "2023", 8),
        landed("NL", "-landed", "2023", 7),
    ]
    frame = seen([2021, 2022, 2023], imports=imports)
    rows = frame[frame["series"] == "LNG NL"]
    assert sum(tell(frame, "LNG NL").values()) == 12 + 9 + 8
    assert rows["definition"].unique().tolist() == ["NL-all-lng-sendout", "NL-all-lng-landed", "NL-all-lng"]


def test_a_group_of_zones_is_told_in_months_if_all_its_zones_are(seen, toy_rows):
    terminal = toy_rows["lng_terminals"][0]
    german = {**terminal, "terminal": "brunsbuettel", "zone": "DE", "valid_from": "2022-12-21"}
    imports = [
        *list_months(2021, make=lambda p, v: landed("NL", "-sendout", p, v)),
        *list_months(2022, make=lambda p, v: landed("NL", "-sendout", p, v)),
        landed("DE", "-sendout", "2022-12", 0.5),
        *list_months(2023, make=lambda p, v: landed("NL", "-sendout", p, v)),
        landed("DE", "-landed", "2023", 7),
        *list_months(2024, make=lambda p, v: landed("NL", "-sendout", p, v)),
    ]
    frame = seen(range(2021, 2025), imports=imports, lng_terminals=[terminal, german])
    told = tell(frame, "LNG north-west")
    assert sum(value for period, value in told.items() if period.startswith("2021-")) == 12.0
    assert (told["2022-11"], told["2022-12"]) == (1.0, 1.5)
    assert told["2023"] == 19.0
    assert not [period for period in told if period.startswith("2024")]  # the German terminal works and is not observed
    confidence = frame[frame["series"] == "LNG north-west"].set_index("period")["definition"]
    assert confidence["2023"] == "DE-all-lng-landed; NL-all-lng-sendout"


def test_estimates_are_kept_for_flows_and_left_out_for_stocks_and_prices(seen, toy_rows):
    guess = {"confidence": "estimate", "low": 0, "high": 99}
    stocks, prices = toy_rows["observed_storage"], toy_rows["prices"]
    guessed = [{**row, **guess} for row in stocks if row["zone"] == "DE"]
    hubs = [{**row, **guess} if row["hub"] == "TTF" and row["period"] == "2021" else row for row in prices]
    whole = [*(row for row in stocks if row["zone"] == "EU27"), *guessed]
    frame = seen([2021], flows=[flow("2021", 20, **guess)], observed_storage=whole, prices=hubs)
    assert set(frame["series"]) == {"NL-DE", "stock EU27"}


def test_units_frequencies_and_definitions_are_told(seen):
    frame = seen([2021], flows=[flow("2021", 20)]).set_index("series")
    assert frame.loc["price TTF", ["unit", "frequency", "definition"]].tolist() == ["EUR/MWh", "year", "TTF"]
    assert frame.loc["stock DE", ["unit", "frequency", "period", "value"]].tolist() == [
        "TWh",
        "day",
        "2021-12-31",
        30.0,
    ]
    assert frame.at["NL-DE", "unit"] == "TWh"


def test_series_without_a_place_in_the_model_are_excluded_with_a_reason(toy, toy_rows):
    rows = toy_rows["pipelines"]
    ends = [{**rows[1], "pipeline": "GB-IE"}, {**rows[1], "pipeline": "SK-AT", "from": "DE", "to": "NL"}]
    tables = toy(
        pipelines=[*rows, *ends],
        observed_flows=[*toy_rows["observed_flows"], flow("2021", 9, link="GB-IE")],
        observed_imports=[*toy_rows["observed_imports"], landed("DE", "-landed", "2021", 3)],
    )
    frame = observe(tables, [2021])
    told = list_excluded(tables, frame).set_index("series")["reason"]
    assert "GB-IE" not in set(frame["series"])
    assert set(told.index) == {"GB-IE", "SK-AT", "LNG DE", "YAMAL"}
    assert "Baumgarten" in told["SK-AT"]
    assert "Northern Ireland" in told["GB-IE"]


# ------------------------------------------------------------------ observations of a user's own
def own(*rows, **columns):
    frame = pd.DataFrame(rows, columns=["series", "period", "frequency", "value"])
    return frame.assign(**{"unit": "TWh", **columns})


def test_own_observations_come_back_with_their_gaps(toy):
    given = own(("NL-DE", "2021-01", "month", 1.0), ("NL-DE", "2021-03", "month", 2.0))
    ready = check_observed(given, list_series(toy()))
    assert ready["period"].tolist() == ["2021-01", "2021-02", "2021-03"]
    assert ready["value"].tolist()[0::2] == [1.0, 2.0]
    assert np.isnan(ready["value"].iat[1])
    assert ready["definition"].unique().tolist() == ["NL-DE"]
    assert given["period"].tolist() == ["2021-01", "2021-03"]


def test_unknown_series_are_all_named_with_names_like_them(toy):
    given = own(("NL-DEE", "2021", "year", 1.0), ("stock ZZ", "2021-05-31", "day", 2.0))
    with pytest.raises(UnknownNameError) as refused:
        check_observed(given, list_series(toy()))
    assert "NL-DEE" in str(refused.value)
    assert "NL-DE" in str(refused.value)
    assert "stock ZZ" in str(refused.value)


def test_all_that_cannot_be_used_is_told_at_once(toy):
    given = own(
        ("NL-DE", "2021-13", "month", 1.0),
        ("NL-DE", "2021", "month", 1.0),
        ("NL-DE", 2021, "year", 1.0),
        ("stock DE", "2021", "year", 1.0),
        ("DE-NL", "2021", "year", "much"),
        ("price TTF", "2021", "year", 20.0),
    )
    with pytest.raises(TableError) as refused:
        check_observed(given.astype(object), list_series(toy()))
    text = str(refused.value)
    assert "6 problems" in text
    assert "row 5: price TTF in 2021: found unit 'TWh', expected EUR/MWh" in text
    assert "row 4: DE-NL in 2021: found 'much', expected a number" in text


def test_periods_that_overlap_are_refused(toy):
    given = own(("NL-DE", "2021", "year", 9.0), ("NL-DE", "2021-03", "month", 2.0), ("NL-DE", "2022", "year", 9.0))
    with pytest.raises(TableError, match="NL-DE: 2021 and 2021-03 overlap"):
        check_observed(given, list_series(toy()))


def test_missing_columns_and_other_things_than_tables_are_refused(toy):
    with pytest.raises(TableError, match="no column 'value'"):
        check_observed(own(("NL-DE", "2021", "year", 9.0)).drop(columns="value"), list_series(toy()))
    with pytest.raises(UsageError, match="expected observations"):
        check_observed(["NL-DE"], list_series(toy()))
