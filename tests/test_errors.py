"""Errors: one tree, each also the builtin a caller expects."""

import pytest

from energyflows import errors


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.UsageError, ValueError),
        (errors.UnknownNameError, KeyError),
        (errors.TableError, ValueError),
        (errors.PassportError, ValueError),
        (errors.ScenarioError, ValueError),
        (errors.SolveError, RuntimeError),
        (errors.InfeasibleError, RuntimeError),
        (errors.UnboundedError, RuntimeError),
        (errors.WorkerError, RuntimeError),
        (errors.MismatchError, RuntimeError),
        (errors.ResultsError, ValueError),
        (errors.OutputError, OSError),
    ],
)
def test_each_error_is_ours_and_the_matching_builtin(error, builtin):
    with pytest.raises(builtin, match="what was found") as caught:
        raise error("what was found")
    assert isinstance(caught.value, errors.EnergyFlowsError)
    assert str(caught.value) == "what was found"


def test_no_error_stands_outside_the_list():
    classes = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)}
    assert all(issubclass(error, errors.EnergyFlowsError) for error in classes)
    assert len(classes) == 13


def test_problems_beyond_the_limit_are_counted():
    message = errors.list_problems("Title:", (f"problem {number}" for number in range(25)))
    assert message.splitlines()[0] == "Title:"
    assert message.count("  - problem") == 20
    assert message.endswith("… and 5 more")


def test_problems_within_the_limit_are_all_told():
    assert errors.list_problems("Title:", ["one", "two"], limit=2) == "Title:\n  - one\n  - two"
