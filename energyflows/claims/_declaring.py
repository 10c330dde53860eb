"""What the file of claims declares: evidence, rules with thresholds, and what is missing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from energyflows.scenarios._fields import Declaration, Name

#: Claims there are; ids are fixed, wording is not.
IDS = tuple(f"C{number}" for number in range(1, 15))
Year = Annotated[int, Field(ge=2019, le=2030)]
Argument = bool | float | str


class Against(Declaration):
    """The other run of a difference; what is not given is as in the evidence."""

    scenario: Name | None = None
    """Its scenario."""
    year: Year | None = None
    """Its year."""

    @model_validator(mode="after")
    def _check(self) -> Against:
        if self.scenario is None and self.year is None:
            raise ValueError("'against' needs a scenario, a year or both")
        return self


class Evidence(Declaration):
    """One number that bears on a claim."""

    name: Annotated[str, Field(pattern=r"[a-z][a-z0-9_]*")]
    """By which the rule calls it."""
    label: Name
    """What it is, for readers."""
    figure: Name
    """Function that computes it, from the registry of figures."""
    unit: Name
    """Of the number; must be that of the figure, ``points`` for a difference of per cents, ``%`` if ``percent``."""
    scenario: Name = "reference"
    """Run it is read from; ``a + b`` combines two, ``a[volume=5]`` gives a parameter a value."""
    year: Year
    """Of that run."""
    arguments: dict[str, Argument] = Field(default_factory=dict)
    """Of the figure."""
    against: Against | None = None
    """The number is the difference to this run."""
    percent: bool = False
    """Whether the difference is told in per cent of the other run's number."""

    @model_validator(mode="after")
    def _check_percent(self) -> Evidence:
        if self.percent and self.against is None:
            raise ValueError("'percent' needs 'against': per cent of which run?")
        return self

    @property
    def base(self) -> tuple[str, int] | None:
        """Scenario and year of the other run; None if there is none."""
        if self.against is None:
            return None
        return self.against.scenario or self.scenario, self.against.year or self.year


class Condition(Declaration):
    """A number compared with a threshold."""

    figure: Name
    """Name of a piece of evidence of the same claim."""
    at_least: float | None = None
    """Holds from here upwards; give this or ``at_most``."""
    at_most: float | None = None
    """Holds from here downwards."""
    margin: Annotated[float, Field(gt=0.0)]
    """Distance to the threshold within which the number decides nothing, in the unit of the number."""
    reason: Name
    """Why this threshold, in one line."""

    @model_validator(mode="after")
    def _check_threshold(self) -> Condition:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a condition needs either at_least or at_most")
        return self


class Conditions(Declaration):
    """Several conditions of which all or any must hold."""

    all: tuple[Condition, ...] = ()
    """Every one must hold."""
    any: tuple[Condition, ...] = ()
    """One is enough; give this or ``all``."""

    @model_validator(mode="after")
    def _check(self) -> Conditions:
        if bool(self.all) == bool(self.any):
            raise ValueError("give conditions under either 'all' or 'any'")
        return self

    @property
    def listed(self) -> tuple[Condition, ...]:
        """The conditions, however they are joined."""
        return self.all or self.any


class Rule(Declaration):
    """When numbers support a claim, and when they do not; in between the verdict is mixed."""

    supported: Conditions
    """When they do."""
    not_supported: Conditions | None = None
    """When they do not; where ``supported`` clearly fails if not given."""

    @property
    def listed(self) -> tuple[Condition, ...]:
        """All conditions of the rule."""
        return self.supported.listed + (self.not_supported.listed if self.not_supported else ())


class Flips(Declaration):
    """A disputed figure: the verdict is sought over its range."""

    scenario: Name
    """Scenario that has the parameter."""
    parameter: Name
    """Which one."""
    values: Annotated[tuple[float, ...], Field(min_length=2)]
    """From least to greatest."""
    value: float
    """One of them, told where one number is wanted; no best estimate."""
    unit: Name
    """Of the parameter."""
    reason: Name
    """Who says what."""

    @model_validator(mode="after")
    def _check_values(self) -> Flips:
        if list(self.values) != sorted(set(self.values)):
            raise ValueError(f"values {list(self.values)} must rise")
        if self.value not in self.values:
            raise ValueError(f"value {self.value:g} is none of the values {list(self.values)}")
        return self


class Claim(Declaration):
    """A statement others made, and what the model can say about it."""

    id: Annotated[str, Field(pattern=r"C\d+")]
    """``C1`` to ``C14``."""
    claim: Name
    """In our words."""
    shown_by: Name
    """What would show it."""
    evidence: Annotated[tuple[Evidence, ...], Field(min_length=1)]
    """Numbers that bear on it."""
    part: str = ""
    """What the verdict speaks of, if not of the whole claim."""
    rule: Rule | None = None
    """How numbers become a verdict; without one nothing can be told yet."""
    missing: tuple[Name, ...] = ()
    """What would be needed to speak of the whole claim."""
    flips: Flips | None = None
    """The disputed figure it rests on, if any."""

    @model_validator(mode="after")
    def _check_completeness(self) -> Claim:
        if self.rule is None and not self.missing:
            raise ValueError("a claim without a rule must say under 'missing' what it waits for")
        if bool(self.part) != bool(self.rule is not None and self.missing):
            raise ValueError("'part' says what a verdict speaks of while something is missing: give both or neither")
        if self.flips is not None and self.rule is None:
            raise ValueError("'flips' needs a rule: without one no verdict can change")
        return self
