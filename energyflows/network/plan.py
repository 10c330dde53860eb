"""Components of a network, gathered before they are added.

``n.add`` costs the same 15 ms for one row as for hundreds, and it takes a figure by snapshot for all rows or for none.
So the builders hand their rows to a plan, which adds each kind of component once.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pypsa


class Plan:
    """Rows by kind of component, in the order the builders give them."""

    def __init__(self) -> None:
        self._rows: dict[str, list[pd.DataFrame]] = {}
        self._series: dict[tuple[str, str], list[pd.DataFrame]] = {}

    def add(self, component: str, names: pd.Index, /, **figures: Any) -> None:
        """Gather components; what is left out takes PyPSA's default.

        Parameters
        ----------
        component : str
            Its class, e.g. ``"Link"``.
        names : pandas.Index
            One per component.
        **figures : Any
            A scalar for all of them, one value or a series by name, or a frame by snapshot (rows) and name (columns);
            a frame may leave out names to which the default applies all the time.

        Raises
        ------
        ValueError
            If a series or frame is labelled with other names, which would end as a silent default.
        """
        static = {}
        for figure, values in figures.items():
            if isinstance(values, pd.DataFrame):
                _refuse(not values.columns.isin(names).all(), component, figure)
                self._series.setdefault((component, figure), []).append(values)
            else:
                _refuse(isinstance(values, pd.Series) and not values.index.equals(names), component, figure)
                static[figure] = values
        self._rows.setdefault(component, []).append(pd.DataFrame(static, index=names))

    def write(self, n: pypsa.Network) -> None:
        """Add everything to a network.

        Parameters
        ----------
        n : pypsa.Network
            Changed in place; snapshots are set.
        """
        for component, parts in self._rows.items():
            rows = pd.concat(parts)
            n.add(component, rows.index, **{figure: values.to_numpy() for figure, values in rows.items()})
        for (component, figure), frames in self._series.items():
            # The columns stand as ``n.add`` leaves them: those of every frame but the first are sorted.
            joined = pd.concat([frames[0], *(frame.sort_index(axis=1) for frame in frames[1:])], axis=1)
            columns = pd.Index(joined.columns, dtype=object, name="name")
            n.components[component].dynamic[figure] = pd.DataFrame(joined.to_numpy(), n.snapshots, columns)


def _refuse(wrong: object, component: str, figure: str) -> None:
    if wrong:
        raise ValueError(f"{component}, {figure}: labels differ from the names of the components")
