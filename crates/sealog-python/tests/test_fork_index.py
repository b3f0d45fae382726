"""Forks beside the query index: SQLite must not be carried into a child, and a child must not wait for the parent's."""

from __future__ import annotations

from pathlib import Path

from test_process import entries, needs_fork, run, verified

KIND = "org.example.note"


@needs_fork
def test_children_forked_while_the_index_is_written_close_and_search(places: Path) -> None:
    """The index thread is inside SQLite nearly all the time; each child opens the ledger, records, searches, closes."""
    run(
        places,
        """
        warnings.simplefilter("ignore", DeprecationWarning)
        ledger = sealog.open(PATH)
        ending = threading.Event()
        def write():
            n = 0
            while not ending.is_set():
                ledger.append_many([sealog.Record(KIND, {"n": n + i}) for i in range(400)])
                n += 400
        def ask():
            while not ending.is_set():
                ledger.count(kind=KIND)
        threads = [threading.Thread(target=write), threading.Thread(target=ask)]
        for thread in threads:
            thread.start()
        failed = []
        for child in range(40):
            time.sleep(0.01)
            pid = os.fork()
            if pid == 0:
                try:
                    receipt = ledger.append(KIND, {"child": child}, tenant=f"t{child}")
                    assert ledger.wait_for_index(20)
                    assert ledger.count(tenant=f"t{child}") == 1
                    ledger.close(20)
                    os._exit(0)
                except BaseException as error:
                    print(child, repr(error), file=sys.stderr, flush=True)
                    os._exit(1)
            if os.waitpid(pid, 0)[1] != 0:
                failed.append(child)
        ending.set()
        for thread in threads:
            thread.join()
        assert ledger.wait_for_index(60)
        assert ledger.count(kind=KIND) == sum(entry.kind == KIND for entry in ledger.entries())
        ledger.close()
        assert not failed, failed
        """,
    )
    children = sorted(entry.body["child"] for entry in entries(places) if "child" in entry.body)
    assert children == list(range(40))
    assert verified(places)["runs"] == {"closed_whole": 41, "closed_with_holes": 0, "missing": 0, "open": 0}


@needs_fork
def test_a_fork_in_c_leaves_a_child_that_records_without_an_index(places: Path) -> None:
    """No hook runs, as where uWSGI forks: the child must not touch SQLite, and says so to whoever searches."""
    run(
        places,
        """
        import ctypes
        fork = ctypes.PyDLL(None).fork
        ledger = sealog.open(PATH)
        ledger.append(KIND, {"by": "parent"})
        assert ledger.wait_for_index(60)
        pid = fork()
        if pid == 0:
            try:
                ledger.append(KIND, {"by": "child"})
                try:
                    ledger.count(kind=KIND)
                except OSError as error:
                    assert "the index failed: this process was forked" in str(error), error
                else:
                    os._exit(3)
                assert ledger.verify().exit_code == 0
                ledger.close(20)
                os._exit(0)
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        ledger.append(KIND, {"by": "parent again"})
        assert ledger.count(kind=KIND) == 3
        """,
    )
    assert [entry.body["by"] for entry in entries(places) if entry.kind == KIND] == ["parent", "child", "parent again"]
    assert verified(places)["runs"]["closed_whole"] == 2
