"""Components gathered before they are added."""

import pandas as pd
import pypsa
import pytest

from energyflows.network.building import QUIET_STRINGS
from energyflows.network.plan import Plan

SNAPSHOTS = pd.date_range("2025-01-01", periods=2, name="snapshot")


@pytest.fixture
def batches():
    """Return two batches of generators: names and figures."""
    first, second = pd.Index(["c", "a"]), pd.Index(["d", "b"])
    rate = pd.DataFrame([[0.1, 0.2], [0.3, 0.4]], index=SNAPSHOTS, columns=second)
    return [
        (first, {"bus": "z", "p_nom": [1.0, 2.0], "marginal_cost": 5.0, "p_max_pu": rate.set_axis(first, axis=1)}),
        (second, {"bus": ["z", "y"], "p_nom": pd.Series([3.0, 4.0], second), "p_max_pu": rate, "route": "home"}),
    ]


def make_network():
    n = pypsa.Network()
    n.set_snapshots(SNAPSHOTS)
    return n


def test_network_is_the_one_that_adding_batch_by_batch_makes(batches):
    plan, planned, added = Plan(), make_network(), make_network()
    with pypsa.option_context(*QUIET_STRINGS):
        plan.add("Bus", pd.Index(["y", "z"]))
        added.add("Bus", ["y", "z"])
        for names, figures in batches:
            plan.add("Generator", names, **figures)
            added.add("Generator", names, **figures)
        plan.write(planned)
    pd.testing.assert_frame_equal(planned.generators, added.generators)
    pd.testing.assert_frame_equal(planned.generators_t.p_max_pu, added.generators_t.p_max_pu)


def test_frame_may_leave_out_names(batches):
    plan, n = Plan(), make_network()
    names, figures = batches[0]
    with pypsa.option_context(*QUIET_STRINGS):
        plan.add("Bus", pd.Index(["z"]))
        plan.add("Generator", names, **{**figures, "p_max_pu": figures["p_max_pu"][["a"]]})
        plan.write(n)
    assert list(n.generators_t.p_max_pu) == ["a"]
    assert n.generators["p_max_pu"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("figure", [{"p_nom": pd.Series([1.0], ["b"])}, {"p_max_pu": pd.DataFrame({"b": [1.0, 1.0]})}])
def test_figures_of_other_names_are_refused(figure):
    with pytest.raises(ValueError, match=f"Generator, {next(iter(figure))}: labels differ"):
        Plan().add("Generator", pd.Index(["a"]), **figure)
