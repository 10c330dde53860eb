"""Distributions of uncertain figures, each an inverse CDF of a point between 0 and 1."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from scipy import stats

#: One figure per draw, or (snapshot, draw): NumPy then broadcasts the former over the latter without help.
Figures = NDArray[np.float64]

#: Beyond this many standard deviations the inverse CDF of a truncated normal loses its digits.
_FAR = 30.0


class Strict(BaseModel):
    """Base of all parts of a specification: unchangeable, no unknown keys, no guessing of types, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class _Ranged(Strict):
    """A distribution between two ends."""

    low: float = Field(description="a number, the lower end")
    high: float = Field(description="a number, the upper end")

    @field_validator("high")
    @classmethod
    def _check_ends(cls, high: float, info: ValidationInfo) -> float:
        """Refuse ends the wrong way round."""
        low = info.data.get("low")
        if low is not None and low > high:
            raise ValueError(f"found low {low:g} above high {high:g}; swap them or correct one")
        return high

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest figure possible."""
        return self.low, self.high

    def stretch(self, unit: Figures) -> Figures:
        """Map the unit interval onto the one between the ends; rounding must not leave it."""
        return np.asarray(np.clip(self.low + unit * (self.high - self.low), self.low, self.high))


class Uniform(_Ranged):
    """Every figure between the ends is equally likely."""

    distribution: Literal["uniform"]

    def invert(self, points: Figures) -> Figures:
        """Return the figures at these points of the CDF."""
        return self.stretch(stats.uniform.ppf(points))


class Triangular(_Ranged):
    """Likelihood rises to the mode and falls after it."""

    distribution: Literal["triangular"]
    mode: float = Field(description="a number from low to high, the likeliest figure")

    @field_validator("mode")
    @classmethod
    def _check_mode(cls, mode: float, info: ValidationInfo) -> float:
        """Refuse a mode outside the ends."""
        low, high = info.data.get("low", -np.inf), info.data.get("high", np.inf)
        if not low <= mode <= high:
            raise ValueError(f"found mode {mode:g}, expected a number from low ({low:g}) to high ({high:g})")
        return mode

    def invert(self, points: Figures) -> Figures:
        """Return the figures at these points of the CDF."""
        width = self.high - self.low
        return self.stretch(stats.triang.ppf(points, (self.mode - self.low) / width if width else 0.0))


class Beta(_Ranged):
    """Beta distribution, stretched between the ends."""

    distribution: Literal["beta"]
    a: float = Field(gt=0, description="a number above 0")
    b: float = Field(gt=0, description="a number above 0")
    low: float = Field(default=0.0, description="a number, the lower end")
    high: float = Field(default=1.0, description="a number, the upper end", validate_default=True)

    def invert(self, points: Figures) -> Figures:
        """Return the figures at these points of the CDF."""
        return self.stretch(stats.beta.ppf(points, self.a, self.b))


class Normal(Strict):
    """Normal distribution, cut off below ``low`` and above ``high``."""

    distribution: Literal["normal"]
    mean: float = Field(description="a number, the mean before cutting off")
    sd: float = Field(gt=0, description="a number above 0, the standard deviation before cutting off")
    low: float | None = Field(default=None, description="a number below which nothing is drawn")
    high: float | None = Field(default=None, description="a number above which nothing is drawn", validate_default=True)

    @field_validator("high")
    @classmethod
    def _check_ends(cls, high: float | None, info: ValidationInfo) -> float | None:
        """Refuse ends that leave nothing, or so little that the inverse CDF has no digits left."""
        low = info.data.get("low")
        if low is not None and high is not None and low >= high:
            raise ValueError(f"found low {low:g} not below high {high:g}; swap them or correct one")
        mean, sd = info.data.get("mean"), info.data.get("sd")
        if mean is None or sd is None:
            return high
        if (low is not None and low > mean + _FAR * sd) or (high is not None and high < mean - _FAR * sd):
            raise ValueError(f"nothing is left of mean {mean:g}, sd {sd:g}; move low, high or the mean")
        return high

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest figure possible."""
        return -np.inf if self.low is None else self.low, np.inf if self.high is None else self.high

    def invert(self, points: Figures) -> Figures:
        """Return the figures at these points of the CDF."""
        low, high = self.support
        ends = (low - self.mean) / self.sd, (high - self.mean) / self.sd
        return np.asarray(np.clip(self.mean + self.sd * stats.truncnorm.ppf(points, *ends), low, high))


class Choice(Strict):
    """One of a few figures."""

    distribution: Literal["choice"]
    values: list[float] = Field(min_length=1, description="a list of one or more numbers")
    weights: list[Annotated[float, Field(ge=0)]] | None = Field(
        default=None, description="a list of numbers from 0, one for each value"
    )

    @field_validator("weights")
    @classmethod
    def _check_weights(cls, weights: list[float] | None, info: ValidationInfo) -> list[float] | None:
        """Refuse weights that do not fit the values."""
        values = info.data.get("values")
        if weights is not None and values is not None and len(weights) != len(values):
            raise ValueError(f"found {len(weights)} for {len(values)} values, expected one for each value")
        if weights is not None:
            check_weights(weights)
        return weights

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest figure possible."""
        return min(self.values), max(self.values)

    def invert(self, points: Figures) -> Figures:
        """Return the figures at these points of the CDF."""
        # In the order of size, so that a correlation with a choice has a meaning.
        order = np.argsort(self.values, kind="stable")
        weights = np.ones(len(self.values)) if self.weights is None else np.asarray(self.weights)
        return np.asarray(self.values)[order][pick(points, weights[order])]


Distribution = Annotated[Uniform | Triangular | Normal | Beta | Choice, Field(discriminator="distribution")]
KINDS: dict[str, type[Strict]] = {
    "uniform": Uniform,
    "triangular": Triangular,
    "normal": Normal,
    "beta": Beta,
    "choice": Choice,
}


def check_weights(weights: list[float]) -> None:
    """Refuse weights of which none is above 0."""
    if not any(weights):
        raise ValueError("found nothing but zeros, expected at least one number above 0")


def pick(points: Figures, weights: Figures) -> NDArray[np.intp]:
    """Return the positions in a weighted list that stand at these points of the CDF."""
    cumulated = np.cumsum(weights / np.max(weights))
    return np.searchsorted(cumulated / cumulated[-1], points, side="right")


def refuse_negative(distribution: Any, what: str) -> None:
    """Refuse a distribution that can draw a figure below 0."""
    low = distribution.support[0]
    if low >= 0:
        return
    if isinstance(distribution, Normal) and distribution.low is None:
        raise ValueError(f"a normal distribution reaches below 0, and {what} cannot; add low: 0")
    raise ValueError(f"reaches down to {low:g}, and {what} cannot be below 0; raise its least figure, e.g. to low: 0")
