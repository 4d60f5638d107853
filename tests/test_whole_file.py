"""Files that belong together are written all of them or none."""

from __future__ import annotations

import errno
import os

import pytest

from leakflow.solver._whole_file import write_all_whole
from leakflow.solver.errors import ResultsError


@pytest.fixture
def old(tmp_path):
    """A report with one of its two pictures, from before."""
    (tmp_path / "report").mkdir()
    (tmp_path / "report.md").write_text("old text")
    (tmp_path / "report" / "a.png").write_text("old picture")
    return tmp_path


def new(folder):
    return {
        folder / "report" / "a.png": b"new picture",
        folder / "report" / "b.png": b"second picture",
        folder / "report.md": b"new text",
    }


def found(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def fail_at(monkeypatch, name, call, error):
    """Let a function of the system fail in one of its calls, counted from 0."""
    right, calls = getattr(os, name), []

    def wrong(*arguments):
        calls.append(arguments)
        if len(calls) == call + 1:
            raise error
        return right(*arguments)

    monkeypatch.setattr(os, name, wrong)


def test_all_are_written(old):
    write_all_whole(new(old))
    assert found(old) == {
        "report.md": "new text", "report/a.png": "new picture", "report/b.png": "second picture"
    }  # fmt: skip


def test_missing_folders_are_made(tmp_path):
    write_all_whole(new(tmp_path / "deep" / "down"))
    assert len(found(tmp_path / "deep" / "down")) == 3


# three files are written and synced, five renames keep two old ones and place three
@pytest.mark.parametrize(
    ("name", "call"),
    [("write", 0), ("write", 1), ("write", 2), ("fsync", 0), ("fsync", 2), ("fsync", 3), ("fsync", 4)]
    + [("replace", call) for call in range(5)],
)  # fmt: skip
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()])
def test_a_full_disk_or_ctrl_c_leaves_the_old_files(old, monkeypatch, name, call, error):
    before = found(old)
    fail_at(monkeypatch, name, call, error)
    with pytest.raises((ResultsError, KeyboardInterrupt)) as caught:
        write_all_whole(new(old))
    assert found(old) == before
    if isinstance(error, OSError):
        assert isinstance(caught.value, ResultsError)
        assert str(caught.value).endswith(": cannot be written: No space left on device")
        assert "\n" not in str(caught.value)
    else:
        assert caught.value is error


def test_what_fails_leaves_no_folder_that_was_not_there(tmp_path, monkeypatch):
    fail_at(monkeypatch, "write", 1, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    with pytest.raises(ResultsError):
        write_all_whole(new(tmp_path / "deep" / "down"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_is_told_and_nothing_changes(old):
    (old / "report" / "b.png").mkdir()
    with pytest.raises(ResultsError, match=r"b\.png: cannot be written: it is a folder$"):
        write_all_whole(new(old))
    assert found(old) == {"report.md": "old text", "report/a.png": "old picture"}
