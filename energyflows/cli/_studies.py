"""Which study a command line means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energyflows.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from energyflows.scenarios import Scenario, Study

ARTICLE = "article.yaml"
REFERENCE = "reference"
#: Year of scenarios that are about no year of their own.
_YEAR = 2025
_STUDY = re.compile(r"^study\s*:", re.MULTILINE)


def choose_study(names: Sequence[str], years: Sequence[int] | None, resolution: str | None) -> Study:
    """Return the study that arguments mean.

    Parameters
    ----------
    names : sequence of str
        Names of scenarios, or one file with a study or with scenarios; the article's study if there is none.
    years : sequence of int, optional
        First to last; else those of the study, those the scenarios are about, or 2025.
    resolution : str, optional
        Length of a period, else that of the study, or monthly.

    Returns
    -------
    Study
        Ready to run.

    Raises
    ------
    UsageError
        If a file stands beside other names.
    ScenarioError
        If a file cannot be used.
    UnknownNameError
        If there is no such scenario.
    """
    files = [name for name in names if name.endswith((".yaml", ".yml"))]
    if not files and names:
        return _build_study(names, (), years, resolution)
    if len(names) > 1:
        raise UsageError(f"found {files[0]} beside other names, expected one file alone, or names of scenarios")
    file = find_file(files[0] if files else ARTICLE)
    if not file.is_file() or _STUDY.search(file.read_text(encoding="utf-8", errors="replace")):
        from energyflows.scenarios import read_study

        return _change_settings(read_study(file), years, resolution)
    from energyflows.scenarios import read_scenarios

    own = read_scenarios(file)
    return _build_study(list(own), tuple(own.values()), years, resolution)


def find_file(name: str) -> Path:
    """Return a file of that name here, else the built-in study so called."""
    from energyflows.scenarios.catalogue import find_seeds

    built_in = find_seeds() / "studies" / name
    return built_in if built_in.is_file() and not Path(name).exists() else Path(name)


def list_studies() -> pd.DataFrame:
    """Return the built-in studies with their titles and parts."""
    import pandas as pd

    from energyflows.scenarios import read_study
    from energyflows.scenarios.catalogue import find_seeds

    files = sorted((find_seeds() / "studies").glob("*.yaml"))
    studies = [read_study(file) for file in files]
    return pd.DataFrame(
        {
            "study": [file.name for file in files],
            "title": [study.title for study in studies],
            "parts": [[part.name for part in study.parts] for study in studies],
        }
    )


def _build_study(
    names: Sequence[str], own: Sequence[Scenario], years: Sequence[int] | None, resolution: str | None
) -> Study:
    """Return a study of one part with the scenarios named."""
    from energyflows.scenarios import Study
    from energyflows.scenarios.catalogue import find_scenario
    from energyflows.scenarios.checking import validate

    known = {scenario.name: scenario for scenario in own}
    about = {year for name in names for year in _list_years_of(name, known, find_scenario)}
    span = (years[0], years[-1]) if years else (min(about, default=_YEAR), max(about, default=_YEAR))
    part = {
        "name": "scenarios",
        "scenarios": list(names),
        "years": list(span),
        "resolution": resolution or "monthly",
    }
    data = {"study": "run", "title": ", ".join(names), "parts": [part], "scenarios": tuple(own)}
    return validate(Study, data, where="the command line")


def _list_years_of(name: str, known: dict[str, Scenario], find: Any) -> tuple[int, ...]:
    """Return the years a scenario is about; none if the name stands for all of them."""
    return () if name == "all" else find(name, known).years


def _change_settings(study: Study, years: Sequence[int] | None, resolution: str | None) -> Study:
    """Return a study with the years or the resolution of the command line in all parts."""
    given: dict[str, Any] = {}
    if years:
        given["years"] = (years[0], years[-1])
    if resolution:
        given["resolution"] = resolution
    return study.model_copy(update={"parts": tuple(part.model_copy(update=given) for part in study.parts)})
