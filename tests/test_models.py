from dataclasses import asdict
from urllib.error import URLError

import pytest
import torch
import torch.nn.functional as F
from torchvision.models import ResNet18_Weights, WeightsEnum, resnet18
from torchvision.models.resnet import BasicBlock
from torchvision.transforms.v2.functional import normalize

from maskkit.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from maskkit.errors import InputError
from maskkit.faces import generate_faces
from maskkit.models import ANY_SIZE, MODELS, PUBLISHED, MaskCNN, build_model, count_parameters, drawn, freeze_features, layer_table
from maskkit.models.maskresnet import ResidualBlock
from maskkit.pretraining import PretrainConfig
from maskkit.transforms import to_float


def test_maskcnn_has_the_settled_parameter_count():
    by_hand = (3 * 9 + 1) * 32 + (32 * 9 + 1) * 64 + (64 * 32 * 32 + 1) * 128 + (128 + 1)
    assert count_parameters(MaskCNN()) == by_hand == 8_408_257


def test_maskcnn_computes_what_the_design_says():
    torch.manual_seed(0)
    model, images = MaskCNN(32), torch.rand(2, 3, 32, 32)
    conv1, conv2, dense1, dense2 = model.features[0], model.features[3], model.classifier[1], model.classifier[3]
    x = F.max_pool2d(F.relu(F.conv2d(images, conv1.weight, conv1.bias, padding=1)), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, conv2.weight, conv2.bias, padding=1)), 2)
    expected = F.linear(F.relu(F.linear(x.flatten(1), dense1.weight, dense1.bias)), dense2.weight, dense2.bias)[:, 0]
    assert torch.equal(model(images), expected)


def test_layer_table_by_hand():
    rows = layer_table(MaskCNN(), 128)
    assert [(row["layer"], row["output_shape"], row["parameters"]) for row in rows] == [
        ("Conv2d", (32, 128, 128), 896), ("ReLU", (32, 128, 128), 0), ("MaxPool2d", (32, 64, 64), 0),
        ("Conv2d", (64, 64, 64), 18_496), ("ReLU", (64, 64, 64), 0), ("MaxPool2d", (64, 32, 32), 0),
        ("Flatten", (65_536,), 0), ("Linear", (128,), 8_388_736), ("ReLU", (128,), 0), ("Linear", (1,), 129),
    ]


def test_layer_table_leaves_the_model_as_it_was():
    model = MaskCNN(16).train()
    layer_table(model, 16)
    assert model.training and not any(layer._forward_hooks for layer in model.modules())


def test_layer_table_counts_what_is_frozen_too():
    model = build_model("maskresnet", 32)
    expected = layer_table(model, 32)
    freeze_features(model)
    assert layer_table(model, 32) == expected and sum(row["parameters"] for row in expected) > count_parameters(model)


@pytest.mark.parametrize("name, image_size", [("maskcnn", 16), ("maskcnn", 50), *((name, size) for name in sorted(ANY_SIZE) for size in (16, 50))])
def test_every_model_gives_one_logit_an_image_and_learns(name, image_size):
    model = build_model(name, image_size)
    logits = model(torch.rand(3, 3, image_size, image_size))
    assert logits.shape == (3,)
    logits.sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in list(model.parameters())[-2:])


def test_unknown_model_and_impossible_size():
    with pytest.raises(InputError, match="no model 'resnet9000'; the models are maskcnn"):
        build_model("resnet9000")
    with pytest.raises(InputError, match="at least 4 pixels; got 3"):
        build_model("maskcnn", 3)
    for name in ANY_SIZE:
        with pytest.raises(InputError, match=f"{name} .* at least 16 pixels; got 15"):
            build_model(name, 15)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("size", ["64", 64.0, (64, 64), None])
def test_an_image_size_is_a_whole_number(name, size):
    with pytest.raises(InputError, match="image_size must be a whole number"):
        build_model(name, size)


@pytest.mark.parametrize("arguments, said", [((MaskCNN(16),), "16 × 16 pixels, but these have 128 × 128; use image_size=16"), (("maskcnn",), "got 'maskcnn'"),
                                             ((MaskCNN(16), "16"), "got '16'")])
def test_no_layer_table(arguments, said):
    with pytest.raises(InputError, match=said):
        layer_table(*arguments)


def test_our_deeper_networks_are_small():
    assert count_parameters(build_model("vgg_small")) < count_parameters(build_model("maskresnet")) <= 1_200_000


@pytest.mark.parametrize("name", ["vgg_small", "maskresnet"])
def test_weights_do_not_depend_on_the_image_size(name):
    model = build_model(name, 64)
    model.load_state_dict(build_model(name, 32).state_dict())
    assert model.eval()(torch.rand(2, 3, 48, 48)).shape == (2,)


def test_a_residual_block_equals_torchvisions():
    torch.manual_seed(0)
    ours, theirs, x = ResidualBlock(8, 8), BasicBlock(8, 8), torch.randn(4, 8, 6, 6)
    names = {"conv1": "conv1", "bn1": "norm1", "conv2": "conv2", "bn2": "norm2"}
    for name, own_name in names.items():
        getattr(theirs, name).load_state_dict(getattr(ours, own_name).state_dict())
    assert torch.allclose(ours(x), theirs(x), atol=1e-6)


def test_a_residual_block_halves_by_the_mean_of_four_pixels():
    block, x = ResidualBlock(8, 8, halve=True), torch.rand(2, 8, 6, 6)
    torch.nn.init.zeros_(block.norm2.weight)  # nothing is added: only the shortcut is left
    assert torch.allclose(block(x), F.avg_pool2d(x, 2), atol=1e-6)


@pytest.fixture
def published_state(monkeypatch):
    """Weights of resnet18 as torchvision would download them, with the head for a thousand classes."""
    torch.manual_seed(7)
    state = resnet18(weights=None).state_dict()
    monkeypatch.setattr(WeightsEnum, "get_state_dict", lambda self, **_: state if self == ResNet18_Weights.DEFAULT else pytest.fail("other weights"))
    return state


def test_published_weights_fill_all_but_the_last_layer(published_state):
    model = build_model("resnet18", 32, "auto").eval()
    theirs, images = resnet18(weights=None).eval(), torch.rand(2, 3, 32, 32)
    theirs.load_state_dict(published_state)
    theirs.fc = model.backbone.fc
    assert theirs.fc.out_features == 1
    expected = theirs(normalize(images, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))[:, 0]
    assert torch.allclose(model(images), expected, atol=1e-5)


@pytest.mark.parametrize("error", [URLError("no route"), RuntimeError("invalid hash value"), TimeoutError("timed out")])
def test_published_weights_that_cannot_be_downloaded(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(WeightsEnum, "get_state_dict", fail)
    for name in PUBLISHED:
        with pytest.raises(InputError, match=f"published weights of {name} could not be downloaded from download.pytorch.org .*random"):
            build_model(name, 32, "published")
    build_model("maskresnet", 32, "auto")
    with pytest.raises(InputError, match="no 'published' weights for maskcnn"):
        build_model("maskcnn", 32, "published")


def test_drawn_weights_have_seen_faces_drawn_from_anywhere():
    images, attributes = generate_faces(120, image_size=80, variety=1.0, seed=4321, workers=1)
    images, masked = to_float(torch.from_numpy(images).permute(0, 3, 1, 2)), torch.tensor([face.with_mask for face in attributes])
    model = build_model("maskresnet", 80, "drawn").eval()
    with torch.no_grad():
        assert ((model(images) > 0) == masked).float().mean() > 0.9
    assert {value.dtype for value in model.state_dict().values()} == {torch.float32, torch.int64}


def test_drawn_weights_say_how_they_were_made():
    content = torch.load(drawn.FILE, weights_only=True)
    assert content["pretrain"] == asdict(PretrainConfig()) and "torch" in content["versions"]  # maskkit pretrain, as it is called without options
    assert drawn.FILE.stat().st_size < 3 * 2**20


@pytest.mark.parametrize("name", ["maskcnn", "vgg_small", "resnet18"])
def test_drawn_weights_are_those_of_one_network(name):
    with pytest.raises(InputError, match=f"no 'drawn' weights for {name}; .*'drawn' for maskresnet"):
        build_model(name, 32, "drawn")


def test_loading_a_checkpoint_downloads_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(WeightsEnum, "get_state_dict", lambda *_, **__: pytest.fail("tried to download"))
    model = build_model("mobilenet_v3_small", 32)
    save_checkpoint(tmp_path / "model.pth", Checkpoint(model, "mobilenet_v3_small", 32))
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(load_checkpoint(tmp_path / "model.pth").model(images), model.eval()(images))
