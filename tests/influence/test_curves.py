"""Curves over a parameter, and a supplier gone with substitution free."""

import pypsa
import pytest

from energyflows.errors import UnknownNameError, UsageError
from energyflows.influence import measure_curve, measure_substitution


@pytest.mark.slow
def test_what_hides_grows_with_the_volume_and_never_beyond_it():
    found = measure_curve("backfill-max", "volume", [0.0, 4.0]).set_index("value")
    assert (found["label_twh"] == 0).all()
    for name in ("displacement_low_twh", "displacement_mid_twh", "displacement_high_twh"):
        assert found[name].is_monotonic_increasing
        assert found.at[0.0, name] == 0.0
    # A bcm is 10.55 TWh; what is freed may find no room.
    assert found.at[4.0, "displacement_high_twh"] <= 4 * 10.55 * 1.01
    assert (found["parameter"] == "volume").all()


@pytest.mark.parametrize(
    ("values", "error", "told"),
    [
        ([], UsageError, "found none"),
        ([1.0, 1.0], UsageError, "1 is there twice"),
        (["a"], UsageError, "'a', expected a number"),
    ],
)
def test_values_that_make_no_curve(values, error, told):
    with pytest.raises(error, match=told):
        measure_curve("backfill-max", "volume", values)


def test_suppliers_there_are_not():
    n = pypsa.Network()
    with pytest.raises(UsageError, match="expected a list"):
        measure_substitution(n, "RU")
    n.add("Carrier", "gas")
    n.add("Bus", "A", carrier="gas")
    n.add("Generator", "g", bus="A", carrier="gas", p_nom=1.0)
    n.generators["origin"], n.generators["route"] = "NO", "pipe"
    with pytest.raises(UnknownNameError, match="nothing is delivered from"):
        measure_substitution(n, ["RU"])
