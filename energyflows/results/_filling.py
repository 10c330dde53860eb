"""Figures of one solution, as plain arrays, become the variables of results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np
import xarray as xr

from energyflows.errors import UnknownNameError
from energyflows.results._layout import INSTALLED, UNITS, Layout
from energyflows.results._merging import Floats

_DIMS = {
    **dict.fromkeys(["price", "unserved", "response"], "bus"),
    **dict.fromkeys(["supplied", "available"], "generator"),
    "consumed": "bus",
    **dict.fromkeys(["sent", "received", "capacity", "minimum", "lost", "utilisation"], "link"),
    **dict.fromkeys(["stored", "injected", "withdrawn"], "store"),
}


def fill(layout: Layout, raw: Mapping[str, Floats], names: Iterable[str] | None = None) -> dict[str, Floats]:
    """Compute variables of results from a solution given as arrays.

    Parameters
    ----------
    layout : Layout
        Of the network solved.
    raw : mapping of str to numpy.ndarray
        In the order of ``layout.names``; components that the network lacks may be missing. By snapshot and component:
        ``Generator-p, Link-p0, Link-p1, Line-p0, Line-p1, Store-p, Store-e, StorageUnit-p,
        StorageUnit-state_of_charge, Load-p, Bus-marginal_price, Generator-p_max_pu, Link-p_max_pu, Link-p_min_pu,
        Line-s_max_pu``. By component: ``Generator-p_nom, Generator-e_sum_max, Link-p_nom, Line-s_nom``; sizes are those
        built if the solver chose them. Only what the variables asked for need is looked at.
    names : iterable of str, optional
        Variables wanted; by default all but the objective.

    Returns
    -------
    dict of str to numpy.ndarray
        By snapshot and element; units as in :data:`UNITS`. None is a view of a raw array.

    Raises
    ------
    UnknownNameError
        If a variable does not exist.
    KeyError
        If a raw array needed is missing.
    """
    wanted = list(_DIMS if names is None else names)
    unknown = [name for name in wanted if name not in _DIMS]
    if unknown:
        raise UnknownNameError(f"variables: found {', '.join(unknown)}, expected some of {', '.join(_DIMS)}")
    figures = _Figures(layout, raw)
    # Sizes without bound times zero are no number, as wanted: no warning helps.
    with np.errstate(invalid="ignore"):
        return {name: getattr(figures, name) for name in wanted}


def sum_rewards(layout: Layout, raw: Mapping[str, Floats]) -> float:
    """Sum what the solver was credited for contracted volumes and stock levels.

    Parameters
    ----------
    layout : Layout
        Of the network solved.
    raw : mapping of str to numpy.ndarray
        As for :func:`fill`; of it ``Generator-p``, ``Link-p0`` and ``Store-e``.

    Returns
    -------
    float
        Thousand EUR; the solver's objective plus this is the cost.
    """
    figures = _Figures(layout, raw)
    terms = (
        figures.read("Generator-p") * layout.rewards["Generator"],
        figures.read("Link-p0") * layout.rewards["Link"],
        figures.read("Store-e") * -layout.worth,
    )
    return float(sum(term.sum(axis=1) @ layout.objective_weights for term in terms))


def label(layout: Layout, variables: Mapping[str, Floats], objective: float) -> xr.Dataset:
    """Put names, units and coordinates on variables.

    Parameters
    ----------
    layout : Layout
        Of the network solved.
    variables : mapping of str to numpy.ndarray
        As :func:`fill` returns them.
    objective : float
        Cost without rewards, thousand EUR.

    Returns
    -------
    xarray.Dataset
        As :func:`read_results` returns it, with the variables given and what the network says of installations.
    """
    coords = {dim: (dim, names) for dim, names in layout.elements.items()} | dict(layout.coords)
    dims = ["snapshot", *layout.elements]
    ordered = dict(sorted(coords.items(), key=lambda item: dims.index(item[1][0])))
    return xr.Dataset(
        {name: (("snapshot", _DIMS[name]), values, {"units": UNITS[name]}) for name, values in variables.items()}
        | {
            name: (("snapshot", INSTALLED[name]), values, {"units": "GWh/d"})
            for name, values in layout.installed.items()
        }
        | {"objective": ((), objective, {"units": UNITS["objective"]})},
        coords={"snapshot": layout.snapshots, **ordered},
        attrs={"program": "energyflows", "meta": layout.meta},
    )


class _Figures:
    """Variables of one solution, each computed when first asked for."""

    def __init__(self, layout: Layout, raw: Mapping[str, Floats]) -> None:
        self._layout = layout
        self._raw = raw

    def read(self, key: str) -> Floats:
        """Return a raw array; one without columns if the network lacks the component."""
        component = key.partition("-")[0]
        if len(self._layout.names[component]):
            return self._raw[key]
        return np.zeros((len(self._layout.snapshots), 0))

    def _size(self, component: str, attribute: str) -> Floats:
        """Return sizes; zero where inactive."""
        active = self._layout.active[component]
        return np.where(active, self._raw[f"{component}-{attribute}"], 0.0) if len(active) else np.zeros(0)

    def _join(self, first: str, second: str) -> Floats:
        """Return two raw arrays side by side."""
        if len(self._layout.names[second.partition("-")[0]]):
            return np.concatenate([self.read(first), self.read(second)], axis=1)
        return self.read(first)

    # -------------------------------------------------------------- buses
    @cached_property
    def price(self) -> Floats:
        return self.read("Bus-marginal_price").copy()

    @cached_property
    def unserved(self) -> Floats:
        return np.maximum(self._layout.unserved.add(self._output), 0.0)

    @cached_property
    def response(self) -> Floats:
        return np.maximum(self._layout.response.add(self._output), 0.0)

    @cached_property
    def consumed(self) -> Floats:
        demand = self._layout.loads.add(self.read("Load-p") * self._layout.signs["Load"])
        return demand - self.unserved - self.response

    # -------------------------------------------------------------- generators
    @cached_property
    def _output(self) -> Floats:
        return self.read("Generator-p") * self._layout.signs["Generator"]

    @cached_property
    def supplied(self) -> Floats:
        return self._layout.generators.add(self._output)

    @cached_property
    def available(self) -> Floats:
        """What each generator could give, its energy budget spread over its rate."""
        rate = self.read("Generator-p_max_pu") * self._size("Generator", "p_nom")
        energy = (rate * self._layout.weights[:, None]).sum(axis=0)
        budget = self._raw["Generator-e_sum_max"] if len(energy) else energy
        part = np.minimum(budget / np.where(energy > 0, energy, np.inf), 1.0)
        return self._layout.generators.add(rate * np.where(np.isfinite(budget), part, 1.0))

    # -------------------------------------------------------------- links and lines
    @cached_property
    def _flows(self) -> tuple[Floats, Floats]:
        return self._join("Link-p0", "Line-p0"), self._join("Link-p1", "Line-p1")

    @cached_property
    def _sizes(self) -> Floats:
        return np.concatenate([self._size("Link", "p_nom"), self._size("Line", "s_nom")])

    @cached_property
    def _limits(self) -> Floats:
        return self._join("Link-p_max_pu", "Line-s_max_pu") * self._sizes

    def _add_branches(self, forward: Floats, backward: Floats) -> Floats:
        return self._layout.branches.add(np.concatenate([forward, backward], axis=1))

    @cached_property
    def sent(self) -> Floats:
        p0, p1 = (flow[:, self._layout.reverse] for flow in self._flows)
        return self._add_branches(np.maximum(self._flows[0], 0.0), np.where(p0 < 0, np.maximum(p1, 0.0), 0.0))

    @cached_property
    def received(self) -> Floats:
        p0, p1 = self._flows
        forward = np.where(p0 > 0, np.maximum(-p1, 0.0), 0.0)
        return self._add_branches(forward, np.maximum(-p0[:, self._layout.reverse], 0.0))

    @cached_property
    def capacity(self) -> Floats:
        # The rating of a line holds both ways.
        links, back = len(self._layout.names["Link"]), self._layout.reverse
        floor = np.concatenate(
            [
                self.read("Link-p_min_pu")[:, back[back < links]],
                -self.read("Line-s_max_pu")[:, back[back >= links] - links],
            ],
            axis=1,
        )
        return self._add_branches(self._limits, -floor * self._sizes[back] * self._layout.reverse_efficiency)

    @cached_property
    def minimum(self) -> Floats:
        contracted = self._limits * self._layout.rewarded
        return self._add_branches(contracted, contracted[:, self._layout.reverse] * 0.0)

    @cached_property
    def lost(self) -> Floats:
        return self.sent - self.received

    @cached_property
    def utilisation(self) -> Floats:
        bounded = self.capacity > 0
        used = np.full(bounded.shape, np.nan)
        np.divide(self.sent, self.capacity, out=used, where=bounded)
        return used

    # -------------------------------------------------------------- stores and storage units
    @cached_property
    def _net(self) -> Floats:
        signs = np.concatenate([self._layout.signs["Store"], self._layout.signs["StorageUnit"]])
        return self._layout.reservoirs.add(self._join("Store-p", "StorageUnit-p") * signs)

    @cached_property
    def stored(self) -> Floats:
        return self._layout.reservoirs.add(self._join("Store-e", "StorageUnit-state_of_charge"))

    @cached_property
    def injected(self) -> Floats:
        return np.maximum(-self._net, 0.0)

    @cached_property
    def withdrawn(self) -> Floats:
        return np.maximum(self._net, 0.0)
