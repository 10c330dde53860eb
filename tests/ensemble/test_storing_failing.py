"""An ensemble on disk survives whatever ends its writer; every failure here is a real one."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest

from energyflows.ensemble.storing import is_finished, open_ensemble

# ------------------------------------------------------------------ kills
KILLING = """
    import os, random, signal, time
    from pathlib import Path
    import numpy as np, xarray as xr, zarr  # zarr now, so that the children need not
    from energyflows.ensemble.storing import finish, list_committed, locate_chunk, open_store, write_chunk

    folder, chance = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
    SHAPE = (60 * 25 - 7, 400)
    template = xr.Dataset({name: (("draw", "link"), np.broadcast_to(np.nan, SHAPE)) for name in "abcd"})

    def compute(number, size):
        chance = np.random.default_rng(number)
        return {name: chance.random((size, SHAPE[1])) for name in "abcd"}

    def note(path, word, number=-1):
        handle = os.open(f"{path}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{word} {number}\\n".encode())
        os.close(handle)

    def work(path):
        with open_store(path, template, {"network": "n"}, chunk=25) as store:
            done = list_committed(store)
            note(path, "found", ",".join(map(str, done)))
            for number in sorted(set(range(store.chunks)) - set(done)):
                span = locate_chunk(store, number)
                note(path, "begin", number)
                write_chunk(store, number, compute(number, span.stop - span.start))
                note(path, "done", number)
            finish(store)

    def fork(path):
        child = os.fork()
        if child:
            return child
        try:
            work(path)
        except BaseException as error:
            note(path, f"failed {error!r}")
            os._exit(1)
        os._exit(0)

    kills = ensemble = 0
    while kills < 12 or not (folder / f"{ensemble}").exists():
        ensemble += (folder / f"{ensemble}").exists()
        path = folder / f"{ensemble}"
        log = Path(f"{path}.log")
        before = log.read_text().count("begin") if log.exists() else 0
        child, ended = fork(path), 0
        while not ended and not (log.exists() and log.read_text().count("begin") > before):
            ended = os.waitpid(child, os.WNOHANG)[0]
            time.sleep(0.001)
        if not ended and kills < 12:
            time.sleep(chance.random() * 0.4)
            os.kill(child, signal.SIGKILL)
        if not ended:
            kills += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    os._exit(0) if kills >= 12 else os._exit(3)
"""


def _check_log(log):
    """Check that no chunk was computed again once it was committed, and none committed twice."""
    begun, kept = [], set()
    for word, number in (line.split(" ") if " " in line else (line, "") for line in log.read_text().splitlines()):
        assert word in {"found", "begin", "done"}, log.read_text()
        if word == "found":
            found = {int(text) for text in number.split(",") if text}
            assert kept <= found <= kept | set(begun[-1:])  # the last may have been killed just before its "done"
            kept = found
        elif word == "begin":
            assert int(number) not in kept
            begun.append(int(number))
        else:
            assert int(number) not in kept
            kept.add(int(number))
    assert kept == set(range(60))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_twelve_kills_change_nothing(tmp_path, stores):
    run = stores.run(KILLING, tmp_path, 1)
    assert run.returncode == 0, run.stderr
    logs = sorted(tmp_path.glob("*.log"))
    assert sum(log.read_text().count("found") for log in logs) >= 12
    chance = [np.random.default_rng(number) for number in range(60)]
    parts = [[one.random((25 if number < 59 else 18, 400)) for _ in "abcd"] for number, one in enumerate(chance)]
    for log in logs:
        _check_log(log)
        assert is_finished(log.with_suffix(""), {"network": "n"})
        with open_ensemble(log.with_suffix("")) as ds:
            for place, name in enumerate("abcd"):
                np.testing.assert_array_equal(ds[name], np.concatenate([part[place] for part in parts]))
    assert sorted(stores.list_names(tmp_path)) == sorted([log.name for log in logs] + [log.stem for log in logs])


# ------------------------------------------------------------------ disks that fail
FAILING = """
    import json, os, subprocess, sys
    from pathlib import Path
    from energyflows.errors import OutputError
    from energyflows.ensemble.storing import close_store, finish, is_finished, list_committed, open_ensemble, open_store
    from energyflows.ensemble.storing import locate_chunk, write_chunk
    import numpy as np, xarray as xr

    folder = Path(sys.argv[1])
    mount = lambda options: subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)
    template = xr.Dataset({"v": (("draw", "link"), np.broadcast_to(np.nan, (200, 1000)))})
    begin = lambda: open_store(folder / "e", template, {"network": "n"}, chunk=10)
    compute = lambda number: {"v": np.random.default_rng(number).random((10, 1000))}

    def go_on():
        with begin() as store:
            for number in sorted(set(range(20)) - set(list_committed(store))):
                write_chunk(store, number, compute(number))
            finish(store)

    def fail(call=go_on):
        try:
            call()
        except OutputError as error:
            return str(error)

    def check():
        values = open_ensemble(folder / "e")["v"].values
        return bool((values == np.concatenate([compute(number)["v"] for number in range(20)])).all())
"""
NAMESPACE = ["unshare", "--mount", "--map-root-user"]


def _fail_in_namespace(script, folder, stores):
    probe = "mount -t tmpfs -o size=1m none " + str(folder)
    try:
        able = subprocess.run([*NAMESPACE, "sh", "-c", probe], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        able = False
    if not able:
        pytest.skip("this system forbids mounting a small disk in a namespace of its own")
    run = stores.run(FAILING + script, folder, prefix=NAMESPACE)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.slow
def test_full_disk_keeps_what_is_committed(tmp_path, stores):
    script = """
    mount("size=64k")
    early = fail()
    mount("remount,size=1m")
    full = fail()
    kept = len(list((folder / "e.partial" / "chunks").glob("*.json")))
    again = fail()
    mount("remount,size=50m")
    print(json.dumps([early, full, kept, again, fail(), check()]))
    """
    early, full, kept, again, rest, equal = _fail_in_namespace(script, tmp_path, stores)
    assert "the disk is full; 0 of 20 chunks are kept" in early
    assert 5 <= kept < 20
    assert f"e: chunk {kept} cannot be written, the disk is full; {kept} of 20 chunks are kept in {tmp_path}" in full
    assert full.endswith("e.partial; free space, then make the same call again")
    assert f"the disk is full; {kept} of 20 chunks are kept" in again
    assert rest is None
    assert equal


@pytest.mark.slow
def test_read_only_disk_keeps_what_is_committed(tmp_path, stores):
    script = """
    mount("size=50m")
    mount("remount,ro")
    early = fail()
    mount("remount,rw")
    store = begin()
    write_chunk(store, 0, compute(0))
    close_store(store)
    mount("remount,ro")
    closed = fail()
    mount("remount,rw")
    print(json.dumps([early, closed, fail(), check()]))
    """
    early, closed, rest, equal = _fail_in_namespace(script, tmp_path, stores)
    assert "e: cannot be opened, the disk is read-only; 0 of 20 chunks" in early
    assert "e: cannot be opened, the disk is read-only; 1 of 20 chunks" in closed
    assert rest is None
    assert equal


@pytest.mark.slow
def test_size_limit_of_the_system_is_told(tmp_path, stores):
    script = """
    import resource
    store = begin()
    write_chunk(store, 0, compute(0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    limited = fail(lambda: write_chunk(store, 1, compute(1)))
    left = [file.name for file in (folder / "e.partial" / "data" / "v").iterdir()]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    close_store(store)
    print(json.dumps([limited, sorted(left), fail(), check()]))
    """
    run = stores.run(FAILING + script, tmp_path)
    assert run.returncode == 0, run.stderr
    limited, left, rest, equal = json.loads(run.stdout)
    assert "chunk 1 cannot be written, a file would exceed the size limit; 1 of 20 chunks are kept" in limited
    assert left == [".zarray", ".zattrs", "0.0"]
    assert rest is None
    assert equal


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_folder_of_another_user_is_told(stores):
    script = """
        import os
        from pathlib import Path
        from energyflows.errors import OutputError
        folder = Path(sys.argv[1])
        stores.complete(folder / "other")  # loads what the other user may not be able to
        with stores.begin(folder / "e") as store:
            stores.write(store, 0)
        os.setgid(65534)
        os.setuid(65534)
        for name in ("e", "new"):
            try:
                stores.begin(folder / name)
            except OutputError as error:
                print(error)
    """
    # Other users cannot look into the folders that pytest makes.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        run = stores.run(script, folder)
    assert "e: cannot be opened, no permission; 1 of 3 chunks are kept" in run.stdout, run.stderr
    assert "new: cannot be opened, no permission; 0 of 3 chunks are kept" in run.stdout
