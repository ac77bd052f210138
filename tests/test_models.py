import pytest
import torch
import torch.nn.functional as F

from maskkit.errors import InputError
from maskkit.models import MODELS, MaskCNN, build_model, count_parameters, layer_table


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


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("image_size", [16, 50, 64])
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
