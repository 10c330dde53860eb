"""Chunks of work here, in processes of this machine, or on a cluster: same results in any order."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from energyflows.errors import EnergyFlowsError, WorkerError

Core = TypeVar("Core")
Task = TypeVar("Task")
Result = TypeVar("Result")


def map_chunks(
    function: Callable[[Core, Task], Result], core: Core, tasks: Sequence[Task], *, workers: int = 1, client: Any = None
) -> Iterator[tuple[int, Result]]:
    """Apply a function to tasks.

    Parameters
    ----------
    function : callable
        Takes the core and one task.
    core : object
        The same for all tasks; sent once to each worker of a cluster.
    tasks : sequence
        One a chunk.
    workers : int
        Processes on this machine; 1 stays in this process.
    client : distributed.Client, optional
        A Dask cluster to use instead.

    Yields
    ------
    tuple of int and object
        Number of the task and its result, in the order they get ready.

    Raises
    ------
    WorkerError
        If a worker or the cluster goes away.
    """
    if client is not None:
        yield from _map_cluster(function, core, tasks, client)
    elif workers == 1 or len(tasks) < 2:
        for number, task in enumerate(tasks):
            yield number, function(core, task)
    else:
        yield from _map_processes(function, core, tasks, workers)


def _number(function: Callable[[Core, Task], Result], core: Core, number: int, task: Task) -> tuple[int, Result]:
    return number, function(core, task)


def _tell(error: Exception) -> str:
    """Return type and first line; the many lines behind it tell of the machinery alone."""
    return f"{type(error).__name__}: {(str(error) or 'no reason given').splitlines()[0]}"


@functools.cache
def _end_with(parent: int) -> None:
    """End this worker soon after the process it works for; a killed one would leave it behind for minutes."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _serve(
    parent: int, function: Callable[[Core, Task], Result], core: Core, number: int, task: Task
) -> tuple[int, Result]:
    _end_with(parent)
    return number, function(core, task)


def _map_processes(
    function: Callable[[Core, Task], Result], core: Core, tasks: Sequence[Task], workers: int
) -> Iterator[tuple[int, Result]]:
    import joblib
    from joblib.externals.loky.process_executor import BrokenProcessPool

    pool = joblib.Parallel(min(workers, len(tasks)), backend="loky", return_as="generator_unordered")
    calls = (joblib.delayed(_serve)(os.getpid(), function, core, number, task) for number, task in enumerate(tasks))
    try:
        yield from pool(calls)
    except BrokenProcessPool as error:
        raise WorkerError(
            f"a worker process ended on its own ({_tell(error)}); it may have run out of memory: use fewer workers"
        ) from error


def _map_cluster(
    function: Callable[[Core, Task], Result], core: Core, tasks: Sequence[Task], client: Any
) -> Iterator[tuple[int, Result]]:
    from distributed import as_completed

    futures = []
    try:
        shared = client.scatter(core, broadcast=True, hash=False)
        for number, task in enumerate(tasks):
            futures.append(client.submit(_number, function, shared, number, task, pure=False))
        for future in as_completed(futures):  # type: ignore[no-untyped-call]
            yield future.result()
            future.release()
    except EnergyFlowsError:
        raise
    except Exception as error:  # the many ways a cluster can go away share no base class
        raise WorkerError(
            f"the cluster did not finish the work ({_tell(error)}); check its scheduler and workers"
        ) from error
    finally:
        for future in futures:
            future.release()
