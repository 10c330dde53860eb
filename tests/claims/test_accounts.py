"""Figures of whose gas it is on the toy: conservation, and what can be worked out by hand."""

import json

import numpy as np
import pytest

from energyflows.claims import FIGURES
from energyflows.claims._figures import Span, View
from energyflows.influence import attribute

#: Of what enters the pipeline to Türkiye, lost on the way.
LOSS = 0.01


def compute(name, *views, **arguments):
    return FIGURES[name].compute(*views, **arguments)


@pytest.fixture(scope="module")
def run(toy, toy_run):
    tables = toy()
    return View(toy_run, tables, 2025, tables["ownership"])


@pytest.fixture(scope="module")
def renamed(toy, toy_run):
    """Return the same where all Russian gas to Türkiye is sold as German without a contract, at a flat price."""
    paper = {"at": "DE-TR", "from": "RU", "to": "DE", "share": 1.0, "start": None, "end": None}
    told = {"name": "renamed", "notes": [], "labels": [paper], "ownership": [], "bans": []}
    results = toy_run.assign(price=0 * toy_run["price"] + 20.0)
    tables = toy()
    tables["contracts"] = tables["contracts"].iloc[:0]
    return View(results.assign_attrs(meta=json.dumps({"scenario": told})), tables, 2025, tables["ownership"])


def test_all_russian_gas_is_consumed_somewhere(run):
    eu, out = (compute("account_volume", run, origin="RU", account="molecules", area=a).value for a in ("EU27", "TR"))
    # Cyclic stores give back what they take.
    assert eu + out / (1 - LOSS) == pytest.approx(73, rel=1e-4)
    assert compute("account_volume", run, origin="RU", account="molecules", area="NL").value == 0


def test_a_share_is_the_volume_over_consumption(run):
    for account in ("label", "molecules", "displacement"):
        asked = {"origin": "RU", "account": account, "area": "DE"}
        volume, share = (compute(f"account_{name}", run, **asked) for name in ("volume", "share"))
        assert share.value == pytest.approx(100 * volume.value / 146)


def test_each_account_has_the_range_it_knows(run):
    found = {name: compute("account_share", run, origin="RU", account=name) for name in ("label", "displacement")}
    for span in found.values():
        assert span.low <= span.value <= span.high
    # No contract names an origin in the EU27; one of 7.3 TWh does in Türkiye.
    assert found["label"].low == 0
    assert compute("account_volume", run, origin="RU", account="label", area="TR").low == pytest.approx(7.3)
    molecules = compute("account_share", run, origin="RU", account="molecules")
    assert np.isnan([molecules.low, molecules.high]).all()


def test_without_a_presumption_there_is_no_legal_account(run):
    assert np.isnan(compute("account_share", run, origin="RU", account="legal")).all()


def test_who_supplies_nothing_stands_for_nothing(run):
    assert compute("account_volume", run, origin="AZ", account="molecules").value == 0


def test_members_are_reached_by_molecules(run):
    assert compute("members_reached", run, origin="RU", least=5) == 1
    assert compute("members_reached", run, origin="RU", least=99) == 0


def test_concentration_is_that_of_molecules(run):
    shares = [
        compute("account_share", run, origin=each, account="molecules").value / 100 for each in ("RU", "US", "NL")
    ]
    assert sum(shares) == pytest.approx(1)
    assert compute("supply_concentration", run) == pytest.approx(sum(share**2 for share in shares))


def test_hidden_is_what_stands_behind_less_the_label(run):
    label, behind = (compute("account_share", run, origin="RU", account=each) for each in ("label", "displacement"))
    molecules = compute("account_share", run, origin="RU", account="molecules").value
    hidden = compute("hidden_share", run, origin="RU")
    assert hidden.value == pytest.approx(max(molecules, behind.value) - label.value)
    assert hidden.low == pytest.approx(max(molecules, behind.low) - label.high)
    assert hidden.high == pytest.approx(max(molecules, behind.high) - label.low)


def test_gas_under_its_own_name_is_not_hidden(run):
    asked = {"conduit": "DE", "account": "molecules"}
    assert compute("hidden_volume", run, origin="RU", **asked).value == pytest.approx(0, abs=1e-9)
    assert compute("hidden_revenue", run, supplier="RU", **asked).value == pytest.approx(0, abs=1e-9)


def test_gas_under_another_name_is_hidden_and_worth_its_price(renamed):
    real, named = (
        compute("flow", renamed, link="DE-TR", origin="RU", account=account) / (1 - LOSS)
        for account in ("molecules", "label")
    )
    assert real - named > 1
    hidden = compute("hidden_volume", renamed, origin="RU", conduit="DE", account="molecules")
    assert hidden.value == pytest.approx(real - named)
    for account in ("molecules", "displacement"):
        asked = {"conduit": "DE", "account": account}
        volume = compute("hidden_volume", renamed, origin="RU", **asked)
        for sold in ("exit", "entry"):
            worth = compute("hidden_revenue", renamed, supplier="RU", sold=sold, **asked)
            assert worth == pytest.approx(Span(*(each * 20 / 1e3 for each in volume)), nan_ok=True)


def test_all_gas_of_a_corridor_is_its_suppliers(run):
    for account in ("label", "molecules"):
        assert compute("flow", run, link="YAMAL-DE", origin="RU", account=account) == pytest.approx(73)


def test_shuffling_stays_within_the_room_of_the_exit(run):
    days = run.ds["weight_days"]
    room = {
        link: float(((run.ds["technical"] - run.ds["sent"]).sel(link=link) * days).sum()) / 1e3
        for link in ("DE-TR", "DE-NL")
    }
    asked = {"supplier": "RU", "conduit": "DE"}
    one = compute("shuffling", run, **asked, out="DE-TR")
    assert 0 < one <= room["DE-TR"] * (1 + 1e-9)
    assert one <= compute("shuffling", run, **asked) <= sum(room.values()) * (1 + 1e-9)


def test_accounts_are_computed_once(toy, toy_run, monkeypatch):
    asked = []

    def count(*arguments, **options):
        asked.append(arguments[1])
        return attribute(*arguments, **options)

    monkeypatch.setattr("energyflows.claims._accounts.attribute", count)
    tables = toy()
    view = View(toy_run, tables, 2025, tables["ownership"])
    for area in ("EU27", "DE", "TR"):
        compute("account_share", view, origin="RU", account="label", area=area)
        compute("hidden_share", view, origin="RU", area=area)
    assert len(asked) == 1
