"""Suppliers are found by origin, route and kind of gas, and all that is wrong with them is told at once."""

import pandas as pd
import pypsa
import pytest

from energyflows.errors import UsageError
from energyflows.strategy.suppliers import find_homes, find_suppliers, resell_routes


@pytest.fixture
def network():
    n = pypsa.Network()
    n.add("Bus", ["RU", "TR", "AZ"], carrier="gas")
    n.buses["country"] = ["RU", "TR", "AZ"]
    table = pd.DataFrame(
        [
            ("home", "RU", "RU", "home", "gas"),
            ("blue", "TR", "RU", "BLUESTREAM", "pipeline gas"),
            ("turk", "TR", "RU", "TURKSTREAM1", "pipeline gas"),
            ("yamal", "RU", "RU", "YAMAL", "pipeline gas"),
            ("ships", "RU", "RU", "LNGRU", "lng"),
            ("shah", "AZ", "AZ", "SANGACHAL", "pipeline gas"),
            ("none", "TR", "", "", "unserved"),
        ],
        columns=["name", "bus", "origin", "route", "carrier"],
    ).set_index("name")
    n.add("Generator", table.index, bus=table["bus"], carrier=table["carrier"])
    n.generators["origin"], n.generators["route"] = table["origin"], table["route"]
    return n


def test_exports_are_found_by_what_is_asked(network):
    assert find_suppliers(network, ["RU", "AZ"])["RU"] == ["blue", "turk", "yamal", "ships"]
    asked = {
        "pipes": {"origins": ["RU"], "gas": "pipeline"},
        "ships": {"gas": "lng"},
        "shah": {"generators": ["shah"]},
    }
    assert find_suppliers(network, asked) == {"pipes": ["blue", "turk", "yamal"], "ships": ["ships"], "shah": ["shah"]}
    assert find_suppliers(network, {"all": {"gas": "any"}})["all"] == ["blue", "turk", "yamal", "ships", "shah"]


def test_reseller_takes_routes_over(network):
    found = find_suppliers(network, resell_routes(network, suppliers=["RU", "AZ"]))
    assert found == {"RU": ["yamal", "ships"], "AZ": ["shah"], "TR": ["blue", "turk"]}


def test_home_is_where_gas_comes_from(network):
    assert find_homes(network, ["blue"]).tolist() == [True, False, False]
    assert not find_homes(network, ["none"]).any()
    del network.generators["origin"]
    assert not find_homes(network, ["blue"]).any()


def test_all_problems_are_told_at_once(network):
    asked = {
        "RU": {"origins": ["RU"], "routes": ["YAMALL"]},
        "XX": {"origin": ["RU"]},
        "gas": {"gas": "oil", "routes": "YAMAL"},
        "both": {"generators": ["shah"], "gas": "lng"},
        "nothing": {"origins": ["AZ"], "gas": "lng"},
        "empty": {},
        "one": {"generators": ["blue"]},
        "two": {"routes": ["BLUESTREAM"]},
    }
    with pytest.raises(UsageError) as caught:
        find_suppliers(network, asked)
    told = str(caught.value)
    for part in (
        "RU: routes: no 'YAMALL'; did you mean YAMAL?",
        "XX: no key 'origin'; did you mean origins?",
        "gas: found 'oil'",
        "routes: found 'YAMAL', expected a list",
        "names generators and something else",
        "supplier nothing: no generator exports",
        "supplier empty: found {}",
        "generator blue is sold by one and two",
    ):
        assert part in told


@pytest.mark.parametrize("wrong", ["RU", [], 3, ["RU", "RU"]])
def test_what_lists_no_suppliers_is_refused(network, wrong):
    with pytest.raises(UsageError, match="supplier"):
        find_suppliers(network, wrong)


def test_plain_network_needs_names_of_generators(network):
    del network.generators["origin"]
    with pytest.raises(UsageError, match="name its generators"):
        find_suppliers(network, ["RU"])
