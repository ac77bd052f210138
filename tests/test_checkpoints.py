import errno
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from maskkit.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from maskkit.errors import InputError
from maskkit.evaluation import predict_proba
from maskkit.models import MaskCNN


@pytest.fixture
def checkpoint():
    torch.manual_seed(0)
    return Checkpoint(MaskCNN(16), "maskcnn", 16, epoch=3, val_loss=0.25)


def test_loaded_probabilities_are_equal_bit_for_bit(checkpoint, tmp_path):
    images = torch.randint(0, 256, (9, 3, 16, 16), dtype=torch.uint8)
    save_checkpoint(tmp_path / "model.pth", checkpoint)
    loaded = load_checkpoint(tmp_path / "model.pth")
    assert (predict_proba(loaded.model, images) == predict_proba(checkpoint.model, images)).all()
    assert (loaded.model_name, loaded.image_size, loaded.epoch, loaded.val_loss) == ("maskcnn", 16, 3, 0.25)
    assert loaded.class_names == ("without_mask", "with_mask") and not loaded.model.training


def test_a_failed_save_leaves_the_good_file(checkpoint, tmp_path, monkeypatch):
    path = tmp_path / "model.pth"
    save_checkpoint(path, checkpoint)
    good = path.read_bytes()

    def full_disk(file, content):
        file.write_text("half a file")
        raise OSError(errno.ENOSPC, "No space left on device")  # which names no file

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space left on device") as caught:
        save_checkpoint(path, checkpoint)
    assert caught.value.filename == str(path)
    assert path.read_bytes() == good and [file.name for file in tmp_path.iterdir()] == ["model.pth"]


class Evil:
    def __reduce__(self):
        return exec, ("raise SystemExit('code in a pickle was run')",)


def test_code_in_a_pickle_is_not_run(tmp_path):
    torch.save({"format": "maskkit-checkpoint-1", "state_dict": Evil()}, tmp_path / "evil.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Evil()))
    for name in ("evil.pth", "plain.pth"):
        with pytest.raises(InputError, match="nothing in it was run"):
            load_checkpoint(tmp_path / name)


def test_what_is_no_checkpoint(checkpoint, tmp_path):
    with pytest.raises(InputError, match="There is no model file"):
        load_checkpoint(tmp_path / "nowhere.pth")
    (tmp_path / "text.pth").write_text("hello")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save({"weights": torch.ones(2)}, tmp_path / "other.pth")
    save_checkpoint(tmp_path / "cut.pth", checkpoint)
    (tmp_path / "cut.pth").write_bytes((tmp_path / "cut.pth").read_bytes()[:5000])
    for name in ("text", "list", "other", "cut"):
        with pytest.raises(InputError, match="is not a MaskKit checkpoint") as caught:
            load_checkpoint(tmp_path / f"{name}.pth")
        assert "\n" not in str(caught.value) and "give the mask_cnn_best.pth in the folder of a run" in str(caught.value)
        assert not any(word in str(caught.value) for word in ("Error", "torch", "miniz", "Pickl", "PyTorch"))


def test_a_folder_is_told_the_file_in_it(checkpoint, tmp_path):
    with pytest.raises(InputError, match="is a folder, and there is no mask_cnn_best.pth in it"):
        load_checkpoint(tmp_path)
    save_checkpoint(tmp_path / "mask_cnn_best.pth", checkpoint)
    with pytest.raises(InputError) as caught:
        load_checkpoint(tmp_path)
    assert str(caught.value) == f"{tmp_path} is a folder; give the model in it, {tmp_path / 'mask_cnn_best.pth'}."


def test_a_file_that_may_not_be_read_is_not_called_damaged(checkpoint, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    save_checkpoint(tmp_path / "model.pth", checkpoint)
    monkeypatch.setattr(torch, "load", refuse)
    with pytest.raises(InputError, match=r"model.pth may not be read \(Permission denied\); give yourself the permission"):
        load_checkpoint(tmp_path / "model.pth")


def test_a_checkpoint_that_does_not_fit_its_own_description(checkpoint, tmp_path):
    save_checkpoint(tmp_path / "model.pth", Checkpoint(checkpoint.model, "vgg_small", 16))
    with pytest.raises(InputError, match="does not fit the model that it names; train it again"):
        load_checkpoint(tmp_path / "model.pth")


def test_a_network_that_maskkit_could_not_build_is_not_saved(checkpoint, tmp_path):
    with pytest.raises(InputError, match="names a network of maskkit, by which it is loaded: one of maskcnn, .*got 'hats'"):
        save_checkpoint(tmp_path / "model.pth", Checkpoint(checkpoint.model, "hats", 16))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("device", ["toaster", "cuda:99"])
def test_a_good_model_is_not_blamed_for_a_device_that_is_not_there(checkpoint, tmp_path, device):
    save_checkpoint(tmp_path / "model.pth", checkpoint)
    with pytest.raises(InputError, match=f"Device '{device}' is not available here"):
        load_checkpoint(tmp_path / "model.pth", device)


@pytest.mark.parametrize("changed, said", [
    ({"image_size": "large"}, "does not fit"), ({"image_size": 16.0}, "does not fit"), ({"image_size": 10**7}, "does not fit"), ({"state_dict": [1]}, "does not fit"),
    ({"model_name": ["maskcnn"]}, "does not fit"), ({"class_names": 3}, "does not fit"), ({"class_names": None}, "does not fit"), ({"more": 1}, "does not fit"),
    ({"model_name": "hats"}, r"names \(There is no model 'hats'; the models are .*\); train it again\."),
    ({"class_names": ["with_mask", "without_mask"]}, "other classes, with_mask and without_mask, and not of without_mask and with_mask"),
])
def test_a_checkpoint_that_holds_something_odd(checkpoint, tmp_path, changed, said):
    save_checkpoint(tmp_path / "model.pth", checkpoint)
    torch.save(torch.load(tmp_path / "model.pth", weights_only=True) | changed, tmp_path / "model.pth")
    with pytest.raises(InputError, match=said) as caught:
        load_checkpoint(tmp_path / "model.pth")
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_numbers_answer_for_no_photo(checkpoint, tmp_path):
    checkpoint.model.classifier[-1].bias.data.fill_(float("nan"))
    save_checkpoint(tmp_path / "model.pth", checkpoint)
    with pytest.raises(InputError, match="weights that are not numbers"):
        load_checkpoint(tmp_path / "model.pth")


@pytest.mark.parametrize("wrong, said", [
    (MaskCNN(16), "got a MaskCNN"), ("model.pth", "got 'model.pth'"), (Checkpoint(MaskCNN(16), "maskcnn", 32), "built for images of 16 × 16 pixels"),
])
def test_what_could_not_be_loaded_again_is_not_saved(wrong, said, tmp_path):
    with pytest.raises(InputError, match=said):
        save_checkpoint(tmp_path / "model.pth", wrong)
    assert not list(tmp_path.iterdir())


def test_numbers_and_words_of_numpy_are_loaded_again(tmp_path):
    save_checkpoint(tmp_path / "model.pth", Checkpoint(MaskCNN(16), np.str_("maskcnn"), np.int64(16), epoch=np.int64(3), val_loss=np.float64(0.1)))
    loaded = load_checkpoint(tmp_path / "model.pth")
    assert (loaded.model_name, loaded.image_size, loaded.epoch, loaded.val_loss) == ("maskcnn", 16, 3, 0.1)


def test_a_folder_or_a_model_in_the_place_of_a_path(checkpoint, tmp_path):
    with pytest.raises(InputError, match="is a folder; give the path of a file"):
        save_checkpoint(tmp_path, checkpoint)
    with pytest.raises(InputError, match="path of a model file .*; got a MaskCNN"):
        load_checkpoint(checkpoint.model)
