"""A run that is stopped and taken up again."""

from keras_blog import callbacks


def resumed_run(train, folder, stopped, monkeypatch):
    """Runs `train(name)` whole, then one that Ctrl-C stops after the second epoch of the state whose name has `stopped` in it,
    and again to its end; returns their folders, whose histories are equal."""
    save = callbacks.ExactResume.on_epoch_end

    def stop(backup, epoch, logs=None):
        save(backup, epoch, logs)
        if stopped in backup.path.name and epoch == 1:
            raise KeyboardInterrupt

    assert train("whole") == 0
    with monkeypatch.context() as patch:
        patch.setattr(callbacks.ExactResume, "on_epoch_end", stop)
        assert train("run") == 130
    assert train("run") == 0
    whole, again = ((folder / name / "history.csv").read_text() for name in ("whole", "run"))
    assert whole == again
    assert not list((folder / "run").glob("state-*"))
    return folder / "whole", folder / "run"
