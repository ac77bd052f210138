"""Each step against torchvision's, which works one image at a time."""

import dataclasses

import pytest
import torch
from torchvision.transforms.v2 import functional as tv

from maskkit.errors import InputError
from maskkit.transforms import (
    AUGMENTATIONS,
    AugmentConfig,
    _few_at_a_time,
    _lines,
    _resample,
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
    augment,
    erase,
    flip_horizontal,
    for_evaluation,
    resize,
    rotate,
    to_float,
    zoom,
)


@pytest.fixture
def images():
    coarse = torch.rand(4, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    return resize(coarse, 32)  # smooth, so that two ways to interpolate stay close


def close(ours, theirs, tolerance=1e-5):
    return torch.allclose(ours, theirs, atol=tolerance)


def test_a_batch_for_evaluation_holds_the_same_numbers_with_its_channels_last():
    pixels = torch.randint(0, 256, (4, 3, 8, 8), dtype=torch.uint8)
    batch = for_evaluation(pixels, torch.device("cpu"))
    assert torch.equal(batch, to_float(pixels))
    assert batch.is_contiguous(memory_format=torch.channels_last) and pixels.is_contiguous()


def test_to_float_equals_torchvision():
    pixels = torch.arange(256, dtype=torch.uint8).expand(1, 3, 1, 256)
    assert close(to_float(pixels), tv.to_dtype(pixels, torch.float32, scale=True), 1e-7)


def test_resize_equals_torchvision(images):
    assert close(resize(images, 11), tv.resize(images, [11, 11], antialias=True))


def test_flip_equals_torchvision(images):
    assert torch.equal(flip_horizontal(images), tv.horizontal_flip(images))


@pytest.mark.parametrize("degrees", [-30, 10, 15, 90])
def test_rotation_equals_torchvision_inside_the_border(images, degrees):
    ours, theirs = rotate(images, degrees), tv.rotate(images, degrees, interpolation=tv.InterpolationMode.BILINEAR)
    assert close(ours[..., 8:24, 8:24], theirs[..., 8:24, 8:24], 2e-3)


def test_each_image_has_its_own_angle(images):
    together = rotate(images, torch.tensor([0.0, 10.0, 20.0, 30.0]))
    for index, degrees in enumerate((0, 10, 20, 30)):
        assert close(together[index], rotate(images[index : index + 1], degrees)[0])


def test_zoom_equals_a_centre_crop(images):
    crop = tv.resize(tv.center_crop(images, [16, 16]), [32, 32], antialias=False)
    assert close(zoom(images, 2.0)[..., 2:-2, 2:-2], crop[..., 2:-2, 2:-2], 2e-3)


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0, 1.7])
def test_colour_steps_equal_torchvision(images, factor):
    assert close(adjust_brightness(images, factor), tv.adjust_brightness(images, factor))
    # torchvision's luma weights have four digits (0.2989); ours are those of the standard.
    assert close(adjust_contrast(images, factor), tv.adjust_contrast(images, factor), 5e-4)
    assert close(adjust_saturation(images, factor), tv.adjust_saturation(images, factor), 5e-4)


def test_hue_turns_red_to_green_to_blue_and_leaves_grey():
    red, green, blue = torch.eye(3).view(3, 1, 3, 1, 1)
    assert close(adjust_hue(red, 120), green) and close(adjust_hue(red, 240), blue)
    grey = torch.full((1, 3, 2, 2), 0.3)
    assert close(adjust_hue(grey, 77), grey)


def test_erase_equals_torchvision(images):
    ours = erase(images, *(torch.tensor([value] * 4) for value in (3, 5, 7, 9)), value=0.5)
    assert torch.equal(ours, tv.erase(images, i=3, j=5, h=7, w=9, v=torch.full((3, 1, 1), 0.5)))


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_augmented_images_keep_shape_and_range(images, name):
    out = augment(images, AUGMENTATIONS[name], torch.Generator().manual_seed(0))
    assert out.shape == images.shape and out.dtype == images.dtype
    assert 0 <= out.min() and out.max() <= 1


def test_none_changes_nothing_and_the_rest_do_change(images):
    assert torch.equal(augment(images, AUGMENTATIONS["none"]), images)
    for field in dataclasses.fields(AugmentConfig):
        config = dataclasses.replace(AUGMENTATIONS["none"], **{field.name: 20.0 if field.name in ("rotation", "hue") else 0.9})
        assert not close(augment(images, config, torch.Generator().manual_seed(0)), images), field.name


def test_same_generator_same_pictures(images):
    first, again, other = (augment(images, AUGMENTATIONS["strong"], torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_flips_and_rotations_have_the_asked_for_rate(images):
    many = images[:1].expand(400, -1, -1, -1)
    flips = augment(many, AugmentConfig(horizontal_flip=0.3, rotation=0), torch.Generator().manual_seed(0))
    share = torch.isclose(flips, flip_horizontal(many)).flatten(1).all(1).float().mean()
    assert 0.2 < share < 0.4


def test_one_warp_is_flip_then_rotation(images):
    """The flip and the rotation of the original recipe, done in one resampling, equal the two steps one after the other."""
    config = AugmentConfig(horizontal_flip=1.0, rotation=15.0)
    generator = torch.Generator().manual_seed(3)
    torch.rand(4, generator=generator)                       # the draws of the flip
    angles = -15 + 30 * torch.rand(4, generator=generator)   # the draws of the rotation
    out = augment(images, config, torch.Generator().manual_seed(3))
    assert close(out, rotate(flip_horizontal(images), angles), 1e-4)


def test_the_given_images_are_left_alone(images):
    for name, config in AUGMENTATIONS.items():
        before = images.clone()
        for quiet in (config, dataclasses.replace(config, rotation=0, zoom=0, shift=0, stretch=0, horizontal_flip=0, brightness=0, contrast=0,
                                                  saturation=0, hue=0, grey=0, blur=float(config.blur > 0), noise=float(config.noise > 0))):
            augment(images, quiet, torch.Generator().manual_seed(0))
            assert torch.equal(images, before), name


def test_colours_in_one_pass_equal_the_steps_one_after_the_other(images):
    images = 0.4 + 0.2 * images  # so far from black and white that no step clips
    config = AugmentConfig(horizontal_flip=0, rotation=0, brightness=0.2, contrast=0.3, saturation=0.4, hue=10)
    generator = torch.Generator().manual_seed(1)
    torch.rand(4, generator=generator)
    draws = [-1 + 2 * torch.rand(4, generator=generator) for _ in range(4)]
    expected = adjust_brightness(images, 1 + 0.2 * draws[0])
    expected = adjust_contrast(expected, 1 + 0.3 * draws[1])
    expected = adjust_hue(adjust_saturation(expected, 1 + 0.4 * draws[2]), 10 * draws[3])
    assert close(augment(images, config, torch.Generator().manual_seed(1)), expected)


def test_grey_takes_the_colours_of_the_asked_for_share(images):
    many = images[:1].expand(400, -1, -1, -1)
    out = augment(many, dataclasses.replace(AUGMENTATIONS["none"], grey=0.3), torch.Generator().manual_seed(0))
    grey = (out - adjust_saturation(many, 0)).abs().amax((1, 2, 3)) < 1e-5
    assert 0.2 < grey.float().mean() < 0.4
    assert close(out[~grey], many[~grey])


def test_stretch_widens_what_it_flattens(images):
    """A disc becomes an ellipse of the same area."""
    row, column = torch.meshgrid(torch.arange(64.0) - 31.5, torch.arange(64.0) - 31.5, indexing="ij")
    disc = ((row**2 + column**2).sqrt() < 12).float().expand(50, 3, 64, 64)
    out = augment(disc, dataclasses.replace(AUGMENTATIONS["none"], stretch=0.5), torch.Generator().manual_seed(0))
    width, height = out[:, 0].amax(1).sum(-1), out[:, 0].amax(2).sum(-1)
    assert width.max() > 32 and width.min() < 18
    assert close(width * height, torch.full((50,), 24.0**2), 60)


def test_augmentation_may_shrink_the_images(images):
    assert close(augment(images, AUGMENTATIONS["none"], image_size=16), resize(images, 16))
    still = AugmentConfig(horizontal_flip=0, rotation=1e-6)
    assert close(augment(images, still, image_size=16), torch.nn.functional.avg_pool2d(images, 2), 1e-4)
    assert augment(images, AUGMENTATIONS["robust"], image_size=24).shape == (4, 3, 24, 24)


def test_blur_and_noise_change_what_they_should(images):
    checked = torch.rand(64, 3, 32, 32, generator=torch.Generator().manual_seed(2)) * 0.4 + 0.3

    def roughness(batch):
        return (batch[..., 1:] - batch[..., :-1]).abs().mean((1, 2, 3))

    generator = torch.Generator().manual_seed(0)
    blurred = augment(checked, dataclasses.replace(AUGMENTATIONS["none"], blur=1.0), generator)
    noisy = augment(checked, dataclasses.replace(AUGMENTATIONS["none"], noise=1.0), generator)
    assert (roughness(blurred) < 0.6 * roughness(checked)).all() and close(blurred.mean(), checked.mean(), 0.01)
    spread = (noisy - checked).std(dim=(1, 2, 3))
    assert spread.max() <= 0.105 and 0.03 < spread.mean() < 0.07


def test_places_are_those_of_torchs_affine_grid(images):
    matrix = torch.randn(4, 2, 3, generator=torch.Generator().manual_seed(0))
    grid = torch.nn.functional.affine_grid(matrix, [4, 3, 9, 14], align_corners=False)
    of_column, of_row = _lines(matrix, 9, 14)
    assert close(torch.stack([of_column[:, axis, None, :] + of_row[:, axis, :, None] for axis in (0, 1)], dim=-1), grid, 1e-6)
    expected = torch.nn.functional.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    assert close(_resample(images, of_column, of_row), expected, 1e-4)


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("image_size", [None, 48])
def test_stored_pixels_are_varied_as_their_floats_are(name, image_size):
    pixels = torch.randint(0, 256, (21, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    one, other = (augment(batch, AUGMENTATIONS[name], torch.Generator().manual_seed(1), image_size) for batch in (pixels, to_float(pixels)))
    assert one.dtype == torch.float32 and torch.equal(one, other)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_few_at_a_time_come_out_as_all_at_once(name, monkeypatch):
    pixels = torch.randint(0, 256, (21, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))

    def varied(at_once):
        monkeypatch.setattr("maskkit.transforms._CACHED", at_once * 64 * 64)
        return augment(pixels, AUGMENTATIONS[name], torch.Generator().manual_seed(1), 48)

    # Colours are matrices, and not every processor's library multiplies few of them as it does many.
    allowed = 1e-6 if AUGMENTATIONS[name].recolours else 0
    assert all(torch.allclose(varied(at_once), varied(100), rtol=0, atol=allowed) for at_once in (1, 3))


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_what_is_drawn_on_the_cpu_follows_the_images_to_their_device(name):
    pixels = torch.zeros(8, 3, 32, 32, dtype=torch.uint8, device="meta")  # a device that refuses tensors of the CPU as a GPU does
    for images, side in ((pixels, 32), (to_float(pixels), 48)):
        varied = augment(images, AUGMENTATIONS[name], torch.Generator().manual_seed(0), side)
        assert varied.device == pixels.device and varied.dtype == torch.float32 and varied.shape == (8, 3, side, side)


def test_a_few_at_a_time_are_all_there_and_few_indeed(monkeypatch):
    monkeypatch.setattr("maskkit.transforms._CACHED", 2 * 8 * 8)
    most, sizes = 2 * torch.get_num_threads(), []
    pixels = torch.randint(0, 256, (2 * most + 1, 3, 8, 8), dtype=torch.uint8)

    def inverted(some, which):
        sizes.append(len(some))
        assert torch.equal(some, pixels[which])
        return 255 - some

    assert torch.equal(_few_at_a_time(pixels, inverted), 255 - pixels) and sizes == [most, most, 1]
    assert _few_at_a_time(pixels[:0], lambda some, which: some[which]).shape == (0, 3, 8, 8)


@pytest.mark.parametrize("change", [augment, *(lambda images, step=step: step(images, 1.5) for step in (
    rotate, zoom, adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue))])
@pytest.mark.parametrize("wrong, said", [
    (torch.zeros(2, 3, 8, 8, dtype=torch.uint8), "got torch.uint8"), (torch.zeros(2, 8, 8, 3), r"\(2, 8, 8, 3\)"), (torch.zeros(3, 8, 8), r"images\[None\]"),
    (torch.zeros(2, 3, 8, 8).numpy(), "got float32"), (None, "got None"),
])
def test_images_of_another_kind(change, wrong, said):
    wrong = wrong.flatten(2) if change is augment and said == "got torch.uint8" else wrong  # stored pixels are what it takes
    with pytest.raises(InputError, match=said):
        change(wrong)


@pytest.mark.parametrize("wrong", [torch.rand(1, 3, 8, 8), torch.zeros(1, 8, 8, 3, dtype=torch.uint8).numpy(), [0, 255]])
def test_nothing_is_scaled_twice(wrong):
    with pytest.raises(InputError, match="pixels from 0 to 255"):
        to_float(wrong)


@pytest.mark.parametrize("name, value", [("horizontal_flip", 50), ("rotation", -15), ("rotation", (-15, 15)), ("rotation", "15"), ("zoom", float("nan")),
                                         ("zoom", 1), ("erasing", 2), ("brightness", float("inf")), ("contrast", 1.5)])
def test_impossible_strengths(name, value):
    with pytest.raises(InputError, match=f"{name} must be a number of at least 0"):
        AugmentConfig(**{name: value})


def test_no_configuration_and_no_generator_of_torch(images):
    with pytest.raises(InputError, match="got 'strong'"):
        augment(images, "strong")
    with pytest.raises(InputError, match="got 7"):
        augment(images, AUGMENTATIONS["strong"], 7)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_gpu_sees_the_same_draws(name):
    images = torch.randint(0, 256, (16, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    here, there = (augment(images.to(device), AUGMENTATIONS[name], torch.Generator().manual_seed(1), 24) for device in ("cpu", "cuda"))
    assert there.device.type == "cuda" and torch.allclose(here, there.cpu(), atol=1e-3)
