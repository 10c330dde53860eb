"""What cannot be stored, gone on with, opened or shared is told, and nothing of anybody's is lost."""

import os
import re
import signal
import subprocess
import time

import numpy as np
import pandas as pd
import pytest

from energyflows.ensemble.storing import (
    Store,
    close_store,
    finish,
    is_finished,
    list_committed,
    open_ensemble,
    open_store,
    write_chunk,
)
from energyflows.errors import OutputError, UsageError


# ------------------------------------------------------------------ refusals
@pytest.mark.parametrize("complete", [True, False], ids=["complete", "partial"])
def test_ensemble_made_from_other_things_is_refused(tmp_path, complete, stores):
    if complete:
        stores.complete(tmp_path / "e")
    else:
        close_store(stores.begin(tmp_path / "e"))
    others = stores.MADE_FROM | {"network": "new", "draws": "new"}
    with pytest.raises(OutputError, match="was made from another network and other draws; choose another path"):
        stores.begin(tmp_path / "e", made_from=others)


def test_other_layout_is_refused(tmp_path, stores):
    close_store(stores.begin(tmp_path / "e"))
    with pytest.raises(OutputError, match="was made from another chunk size;"):
        stores.begin(tmp_path / "e", chunk=5)
    with pytest.raises(OutputError, match="was made from other sizes and other coordinates;"):
        open_store(tmp_path / "e", stores.template(draws=9), stores.MADE_FROM, chunk=4)
    with pytest.raises(OutputError, match="was made from other coordinates;"):
        open_store(tmp_path / "e", stores.template().assign_coords(year=2026), stores.MADE_FROM, chunk=4)
    with pytest.raises(OutputError, match="was made from other variables;"):
        open_store(tmp_path / "e", stores.template().drop_vars("steps"), stores.MADE_FROM, chunk=4)


def test_nothing_is_written_over(tmp_path, stores):
    close_store(stores.begin(tmp_path / "e"))
    with pytest.raises(OutputError, match="an earlier run left chunks; resume, choose another path or delete"):
        stores.begin(tmp_path / "e", resume=False)
    stores.complete(tmp_path / "e")
    for resume in (True, False):
        with pytest.raises(OutputError, match="is complete already; read it with open_ensemble"):
            stores.begin(tmp_path / "e", resume=resume)


@pytest.mark.parametrize("name", ["e", "e.partial"])
@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_foreign_things_are_refused_and_kept(tmp_path, name, kind, stores):
    thing = tmp_path / name
    if kind == "folder":
        thing.mkdir()
        (thing / "thesis.txt").write_text("four years")
    elif kind == "link":
        thing.symlink_to(tmp_path / "nowhere")
    else:
        thing.write_text("four years")
    with pytest.raises(OutputError, match=f"{name}: is a f.*choose another path"):
        stores.begin(tmp_path / "e")
    assert stores.list_names(tmp_path) == [name]
    assert kind != "folder" or stores.list_names(thing) == ["thesis.txt"]


def test_what_others_put_into_the_partial_folder_stays(tmp_path, stores):
    with stores.begin(tmp_path / "e") as store:
        (store.partial / "note.txt").write_text("mine")
        stores.write(store, 0, 1, 2)
        finish(store)
    assert stores.list_names(store.partial) == ["note.txt"]


def test_folder_of_the_path_must_exist(tmp_path, stores):
    with pytest.raises(OutputError, match=r"there is no folder .*missing; make it first"):
        stores.begin(tmp_path / "missing" / "e")


def test_damaged_passport_is_refused(tmp_path, stores):
    with stores.begin(tmp_path / "e") as store:
        stores.write(store, 0)
    (store.partial / "passport.json").write_text("{}")
    with pytest.raises(OutputError, match=r"passport\.json: is damaged; delete the folder"):
        stores.begin(tmp_path / "e")
    assert (store.partial / "data").is_dir()


def test_open_ensemble_says_what_is_there_instead(tmp_path, stores):
    with pytest.raises(OutputError, match="no such folder"):
        open_ensemble(tmp_path / "e")
    with stores.begin(tmp_path / "e") as store:
        stores.write(store, 0)
        with pytest.raises(OutputError, match=r"e: is not complete; make the call that began .*e\.partial again"):
            open_ensemble(tmp_path / "e")
    for other in (store.partial, store.partial / "data", tmp_path):
        with pytest.raises(OutputError, match="is no complete ensemble"):
            open_ensemble(other)
    assert not is_finished(tmp_path / "e", stores.MADE_FROM)


def test_open_ensemble_refuses_a_copy_with_files_missing(tmp_path, stores):
    stores.complete(tmp_path / "e")
    (tmp_path / "e" / "steps" / "0").unlink()
    with pytest.raises(OutputError, match="is damaged, files of steps are missing"):
        open_ensemble(tmp_path / "e")


def test_arguments_are_checked_together(tmp_path, stores):
    template = stores.template().assign({"when": ("draw", pd.date_range("2025", periods=10))})
    with pytest.raises(UsageError, match=r"(?s)'when': found dtype datetime64.*chunk: found 0.*fingerprint: found {}"):
        open_store(tmp_path / "e", template, {}, chunk=0)
    with pytest.raises(UsageError, match="no variable along 'draw'"):
        open_store(tmp_path / "e", stores.template()[["capacity"]], stores.MADE_FROM, chunk=1)
    with pytest.raises(UsageError, match=r"expected an xarray\.Dataset"):
        open_store(tmp_path / "e", {}, stores.MADE_FROM, chunk=1)
    with pytest.raises(UsageError, match="path: found '/'"):
        open_store("/", stores.template(), stores.MADE_FROM, chunk=1)
    assert stores.list_names(tmp_path) == []


def test_template_that_cannot_be_stored_leaves_nothing(tmp_path, stores):
    with pytest.raises(UsageError, match="template: cannot be stored"):
        open_store(tmp_path / "e", stores.template().assign_attrs(made=object()), stores.MADE_FROM, chunk=4)
    assert stores.list_names(tmp_path) == []


def test_arrays_that_do_not_fit_are_refused(tmp_path, stores):
    with stores.begin(tmp_path / "e") as store:
        good = stores.values(0, 4)
        wrong = {"sent": good["sent"][:3], "steps": good["steps"] + 0.5, "ended": np.array(["far too long a word"] * 4)}
        with pytest.raises(UsageError) as caught:
            write_chunk(store, 0, good | wrong)
        assert "sent: found shape (3, 3), expected (4, 3) for draw, link" in str(caught.value)
        assert "steps: found dtype float64, expected int32" in str(caught.value)
        assert "ended: found dtype <U19, expected <U9" in str(caught.value)
        with pytest.raises(UsageError, match="found variables sent, expected sent, steps"):
            write_chunk(store, 0, {"sent": good["sent"]})
        with pytest.raises(UsageError, match="chunk 3: expected one of 0 to 2"):
            write_chunk(store, 3, good)
        assert list_committed(store) == []
        write_chunk(store, 0, good | {"steps": good["steps"].astype("int8")})


# ------------------------------------------------------------------ two writers
def test_second_writer_is_refused_until_the_first_is_gone(tmp_path, stores):
    script = """
        import os, time
        from pathlib import Path
        store = stores.begin(sys.argv[1])
        stores.write(store, 0)
        child = os.fork()  # a worker that outlives its parent must not hold the folder
        if not child:
            time.sleep(60)
            os._exit(0)
        Path(sys.argv[2]).write_text(f"{os.getpid()} {child}")
        time.sleep(60)
    """
    command, env = stores.command(script, tmp_path / "e", tmp_path / "ready")
    with subprocess.Popen(command, env=env) as writer:
        until = time.monotonic() + 60
        while not (tmp_path / "ready").exists() or " " not in (tmp_path / "ready").read_text():
            assert time.monotonic() < until
            assert writer.poll() is None
            time.sleep(0.02)
        worker = int((tmp_path / "ready").read_text().split()[1])
        with pytest.raises(OutputError, match=f"is being written by process {writer.pid} on .*; wait for its end"):
            stores.begin(tmp_path / "e")
        writer.kill()
        writer.wait()
    try:
        with stores.begin(tmp_path / "e") as store:
            assert list_committed(store) == [0]
    finally:
        os.kill(worker, signal.SIGKILL)


def test_second_store_in_one_process_is_refused_too(tmp_path, stores):
    with stores.begin(tmp_path / "e"), pytest.raises(OutputError, match=f"is being written by process {os.getpid()} "):
        stores.begin(tmp_path / "e")
    with stores.begin(tmp_path / "e") as store:
        assert isinstance(store, Store)


def test_system_without_fcntl_locks_by_a_file_that_a_kill_leaves_behind(tmp_path, stores):
    script = """
        import os, signal
        from pathlib import Path
        from energyflows.ensemble.storing import close_store
        from energyflows.errors import OutputError
        path = Path(sys.argv[1])
        for name in ("a", "b"):
            stores.complete(path / name)
        store = stores.begin(path / "e")
        stores.write(store, 0)
        try:
            stores.begin(path / "e")
        except OutputError as error:
            print(error)
        close_store(store)
        stores.begin(path / "e")
        sys.stdout.flush()
        store = stores.begin(path / "killed")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    run = stores.run(script, tmp_path, first="sys.modules['fcntl'] = None")  # as on Windows: importing it fails
    assert run.returncode == -signal.SIGKILL, run.stderr
    assert re.search(r"being written by process \d+ on .*or, if it was killed, delete .*e\.partial\.lock", run.stdout)
    assert stores.list_names(tmp_path) == ["a", "b", "e.partial", "killed.partial", "killed.partial.lock"]
