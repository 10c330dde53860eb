"""Price-taking, Cournot and coordination beside each other."""

import pandas as pd
import pytest

from energyflows import build_network, load_tables
from energyflows.errors import UsageError
from energyflows.strategy import compare_conduct

AREA = ["NL", "DE"]


@pytest.fixture(scope="module")
def n(toy):
    return build_network(2025, tables=toy())


@pytest.mark.parametrize("pair", [("RU",), ("RU", "RU"), ("RU", "US", "AZ"), ()])
def test_a_pair_is_two(n, pair):
    with pytest.raises(UsageError, match=r"pair: found .*, expected two suppliers such as RU and AZ"):
        compare_conduct(n, pair, area=AREA)


def test_who_coordinates_is_among_the_suppliers(n):
    with pytest.raises(UsageError, match="pair: no supplier AZ and no XX; found the suppliers RU, US"):
        compare_conduct(n, ("AZ", "XX"), area=AREA, suppliers=["RU", "US"])
    with pytest.raises(UsageError, match="no supplier US; found the suppliers RU, AZ, NO, DZ, QA"):
        compare_conduct(n, ("RU", "US"), area=AREA)


def test_suppliers_that_export_nothing_are_refused(n, toy):
    with pytest.raises(UsageError, match="supplier ZZ"):
        compare_conduct(n, ("RU", "ZZ"), area=AREA, suppliers=["RU", "ZZ"], elasticities=[-0.3], tables=toy())


@pytest.mark.slow
def test_coordination_makes_gas_dearer_on_the_packaged_network():
    tables = load_tables()
    area = tables["zones"].query("eu")["zone"].tolist()
    options = {"suppliers": ["RU", "AZ"], "elasticities": [-0.3], "weights": [0.0, 1.0], "tables": tables}
    told = compare_conduct(build_network(2025, tables=tables), ("AZ", "RU"), area=area, **options)
    cases = told["cases"].set_index("case")
    assert cases.index.tolist() == ["price-taking", "each for itself", "AZ and RU at weight 1"]
    assert cases["price_eur_mwh"].is_monotonic_increasing
    assert cases["consumer_surplus_bn_eur"].is_monotonic_decreasing
    assert cases.loc["price-taking", "welfare_change_bn_eur"] == 0.0
    assert cases["welfare_change_bn_eur"].is_monotonic_decreasing
    assert (cases["gap"] <= 1e-6).all()
    conduct = told["conduct"].set_index("coordination")
    change = cases["price_eur_mwh"].diff().iloc[-1]
    assert conduct.loc[1.0, "price_change"] == pytest.approx(change)
    assert conduct.loc[0.0, "price_eur_mwh"] == pytest.approx(cases.loc["each for itself", "price_eur_mwh"])
    suppliers = told["suppliers"].set_index(["case", "supplier"])
    assert suppliers.loc["price-taking", "lerner"].abs().max() < 1e-6
    assert (suppliers.loc["each for itself", "lerner"] > 0).all()
    sold = suppliers["supplied_twh"].unstack("supplier").sum(axis=1)[cases.index]
    assert sold.is_monotonic_decreasing
    both = [f"profit_bn_eur_{name}" for name in ("RU", "AZ")]
    profits = suppliers.loc["AZ and RU at weight 1", "profit_bn_eur"]
    pd.testing.assert_series_equal(
        conduct.loc[1.0, both].set_axis(["RU", "AZ"]).astype(float), profits, check_names=False
    )
