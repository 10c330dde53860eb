"""Begin ensembles and kill them, over and over: kill_ensembles.py FOLDER KILLS WORKERS SEED.

FOLDER/input.pickle holds a network and its draws; the ensembles are FOLDER/0, FOLDER/1 and so on. Each attempt is a
process of its own, forked so that libraries are imported once. It ends by itself only when the ensemble is complete.
One attempt in five is killed at any moment, the others once they have committed a chunk more than they found.
"""

import os
import pickle
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import psutil

from energyflows.ensemble.running import run_ensemble


def begin(path):
    """Return the id of a process that runs the ensemble."""
    child = os.fork()
    if child:
        return child
    os.setsid()  # its workers do not belong to this process
    try:
        run_ensemble(n, draws, store=path, workers=workers)
    except BaseException:  # noqa: BLE001 - nothing may come back out of a fork
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def count(path):
    """Return the number of committed chunks."""
    return len(list(path.with_name(f"{path.name}.partial").glob("chunks/*.json")))


def await_workers(session):
    """Wait for the end of the workers a killed process leaves behind."""
    until = time.monotonic() + 20.0
    while alive := [process for process in psutil.process_iter() if is_left(process, session)]:
        if time.monotonic() > until:
            sys.exit(f"left behind: {alive}")
        time.sleep(0.1)


def is_left(process, session):
    """Tell whether a process belongs to a session and has not ended."""
    try:
        return os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False


def attempt(path):
    """Return how one attempt ended: "killed" and after how many chunks, or "ended" and with which code."""
    before, child, ended = count(path), begin(path), 0
    until = time.monotonic() + chance.random() * 2.0 if chance.random() < 0.2 else None
    while not ended and (count(path) <= before if until is None else time.monotonic() < until):
        ended, code = os.waitpid(child, os.WNOHANG)
        time.sleep(0.001)
    if not ended:
        time.sleep(0.0 if until else chance.choice([0.05, 0.3, 1.5]) * chance.random())
        os.kill(child, signal.SIGKILL)
        code = os.waitpid(child, 0)[1]
        await_workers(child)
    if os.WIFSIGNALED(code):
        return "killed", count(path)
    return "ended", os.waitstatus_to_exitcode(code)


if __name__ == "__main__":
    folder, kills, workers = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(int(sys.argv[4]))  # noqa: S311 - moments, not secrets
    n, draws = pickle.loads((folder / "input.pickle").read_bytes())  # noqa: S301 - written by the test
    ensemble = done = 0
    while done < kills:
        path = folder / str(ensemble)
        word, number = attempt(path)
        print(ensemble, word, number, flush=True)  # noqa: T201 - the test reads it
        done += word == "killed"
        ensemble += path.exists()
