import io
import logging

import numpy as np
import pytest
from PIL import Image, ImageOps

from maskkit.errors import InputError
from maskkit.images import find_samples, is_plain, load_image, open_image
from tests.conftest import forbid


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), "red").save(path)


def test_grey_becomes_three_equal_channels(tmp_path):
    Image.new("L", (5, 4), 77).save(tmp_path / "grey.png")
    assert np.asarray(open_image(tmp_path / "grey.png")).tolist() == [[[77, 77, 77]] * 5] * 4


def test_palette_keeps_its_colours(tmp_path):
    Image.new("RGB", (4, 4), (255, 0, 0)).convert("P").save(tmp_path / "palette.png")
    assert open_image(tmp_path / "palette.png").getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("mode, colour", [("RGBA", (0, 0, 0, 0)), ("LA", (0, 0))])
def test_transparent_pixels_are_laid_on_white(tmp_path, mode, colour):
    Image.new(mode, (4, 4), colour).save(tmp_path / "clear.png")
    assert open_image(tmp_path / "clear.png").getpixel((0, 0)) == (255, 255, 255)


def test_a_palette_with_a_transparent_entry_is_laid_on_white(tmp_path):
    image = Image.new("P", (4, 4), 0)
    image.putpalette([10, 20, 30] * 256)
    image.save(tmp_path / "clear.gif", transparency=0)
    assert open_image(tmp_path / "clear.gif").getpixel((0, 0)) == (255, 255, 255)


def test_half_transparent_is_halfway_to_white(tmp_path):
    Image.new("RGBA", (4, 4), (0, 0, 0, 128)).save(tmp_path / "half.png")
    assert open_image(tmp_path / "half.png").getpixel((0, 0)) == (127, 127, 127)


def test_cmyk_jpeg_has_the_colours_of_the_original(tmp_path):
    Image.new("RGB", (16, 16), (200, 40, 40)).convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    assert np.allclose(open_image(tmp_path / "print.jpg").getpixel((8, 8)), (200, 40, 40), atol=6)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path, suffix):
    values = np.array([[0, 257 * 100], [257 * 200, 65535]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / f"deep.{suffix}")
    assert np.asarray(open_image(tmp_path / f"deep.{suffix}"))[..., 0].tolist() == [[0, 100], [200, 255]]


def test_what_is_no_number_is_black(tmp_path, recwarn):
    Image.fromarray(np.array([[np.nan, 0.2], [0.4, 1.0]], dtype=np.float32)).save(tmp_path / "float.tif")
    assert np.asarray(open_image(tmp_path / "float.tif"))[..., 0].tolist() == [[0, 51], [102, 255]] and not recwarn


def test_float_tiff_in_unit_range_is_scaled(tmp_path):
    Image.fromarray(np.array([[0.0, 0.2], [0.4, 1.0]], dtype=np.float32)).save(tmp_path / "float.tif")
    assert np.asarray(open_image(tmp_path / "float.tif"))[..., 0].tolist() == [[0, 51], [102, 255]]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(tmp_path, orientation):
    upright = np.zeros((16, 24, 3), np.uint8)
    upright[:8, :8] = 255  # white in the top left corner
    # What a camera stores for each orientation, by the EXIF standard: the inverse of what a viewer does to it.
    stored = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
              5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a, 1),
              7: lambda a: np.rot90(a.transpose(1, 0, 2), 2), 8: lambda a: np.rot90(a, 3)}[orientation](upright)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored))
    image.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    assert np.abs(np.asarray(open_image(tmp_path / "turned.jpg")).astype(int) - upright).max() < 40
    for mode in ("L", "RGB"):  # Pillow reads a grey TIFF in another way than one in colours
        image.convert(mode).save(tmp_path / "turned.tif", tiffinfo={0x0112: orientation})
        assert np.array_equal(np.asarray(open_image(tmp_path / "turned.tif")), upright)


def saved(image, *options, **more):
    memory = io.BytesIO()
    image.save(memory, *options, **more)
    memory.seek(0)
    return memory


def test_an_odd_note_of_the_camera_costs_no_photo():
    image = Image.new("RGB", (24, 16), "white")
    exif = Image.Exif()
    exif[0x0112], exif[282] = 6, 72.0
    notes = exif.tobytes().replace(b"\x01\x1a\x00\x05", b"\x01\x1a\x00\x02")  # the resolution, which is a fraction, as letters
    turned = saved(image, "JPEG", exif=notes)
    with pytest.raises(TypeError):
        ImageOps.exif_transpose(Image.open(turned))
    assert open_image(turned).size == (16, 24)
    assert open_image(saved(image, "PNG", exif=b"Exif\0\0no notes at all")).size == (24, 16)


def test_content_decides_the_format_not_the_name(tmp_path):
    Image.new("RGB", (4, 4), "blue").save(tmp_path / "really_webp.jpg", format="WEBP", lossless=True)
    assert open_image(tmp_path / "really_webp.jpg").getpixel((0, 0)) == (0, 0, 255)


def test_an_uploaded_file_in_memory_is_fine():
    memory = io.BytesIO()
    Image.new("RGB", (4, 4), "blue").save(memory, format="PNG")
    memory.seek(0)
    assert load_image(memory, 8).shape == (8, 8, 3)


def test_of_an_animation_the_first_frame_is_taken(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    assert open_image(tmp_path / "moving.gif").getpixel((0, 0)) == (255, 0, 0)


def test_decoding_a_large_jpeg_at_a_smaller_scale_changes_little(tmp_path):
    gradient = np.add.outer(np.arange(512), np.arange(512)) // 4
    Image.fromarray(np.stack([gradient] * 3, -1).astype(np.uint8)).save(tmp_path / "large.jpg", quality=95)
    exact = open_image(tmp_path / "large.jpg").resize((32, 32), Image.Resampling.BILINEAR)
    assert np.abs(load_image(tmp_path / "large.jpg", 32).astype(int) - np.asarray(exact)).max() <= 3


@pytest.mark.parametrize("content", [b"", b"not an image at all", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0 broken"])
def test_what_is_no_image_is_one_clear_sentence(tmp_path, content):
    (tmp_path / "fake.jpg").write_bytes(content)
    with pytest.raises(InputError, match="fake.jpg cannot be read as an image") as caught:
        open_image(tmp_path / "fake.jpg")
    assert "\n" not in str(caught.value)


def test_a_truncated_photo_is_refused(tmp_path):
    Image.effect_noise((64, 64), 60).convert("RGB").save(tmp_path / "whole.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:1000])
    with pytest.raises(InputError, match="cut.jpg cannot be read"):
        open_image(tmp_path / "cut.jpg")


HEIC = b"\0\0\0\x28ftypheic\0\0\0\0mif1heic" + bytes(200)


@pytest.mark.parametrize("name, content", [("a.heic", HEIC), ("A.HEIC", HEIC), ("a.jpg", HEIC), ("a.jpg", HEIC.replace(b"ftypheic", b"ftypmif1")), ("a.heif", b"something else")])
def test_a_photo_of_an_iphone_is_recognised_by_content_and_by_name(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{name} is a HEIC photo, as iPhones take them, which cannot be read; save it as JPEG \(iPhone: Settings, .*\)\.$"):
        open_image(tmp_path / name)


@pytest.mark.parametrize("content, said", [(HEIC, "is a HEIC photo"), (b"", "the file is empty"), (b"no image", "no image format that we know"),
                                           (b"\0\0\0\x20ftypmif1\0\0\0\0mif1avif" + bytes(200), "cannot be read as an image")])
def test_what_was_uploaded_and_is_no_image_says_why(content, said):
    with pytest.raises(InputError, match=f"the given data .*{said}"):
        open_image(io.BytesIO(content))


def test_an_empty_file_is_called_empty(tmp_path):
    for name in ("a.jpg", "a.heic"):
        (tmp_path / name).touch()
        with pytest.raises(InputError, match=rf"{name} cannot be read as an image \(the file is empty\)\.$"):
            open_image(tmp_path / name)


def test_a_damaged_jpeg_with_the_name_of_a_heic_photo_is_damaged(tmp_path):
    Image.effect_noise((64, 64), 60).convert("RGB").save(tmp_path / "whole.jpg")
    (tmp_path / "cut.heic").write_bytes((tmp_path / "whole.jpg").read_bytes()[:1000])
    with pytest.raises(InputError, match="cut.heic cannot be read as an image .*truncated"):
        open_image(tmp_path / "cut.heic")


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="There is no file"):
        open_image(tmp_path / "nowhere.jpg")


def refuse(reason):
    def refusing(*_, **__):
        raise reason
    return refusing


def test_a_folder_in_the_place_of_a_photo_is_told_from_a_damaged_one(tmp_path):
    with pytest.raises(InputError, match=r"is a folder; name the photos in it, such as .*\*\.jpg .*maskkit test --test-dir"):
        open_image(tmp_path)


def test_a_photo_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    touch(tmp_path / "a.png")
    monkeypatch.setattr(Image, "open", refuse(PermissionError(13, "Permission denied")))
    with pytest.raises(InputError, match=r"a.png may not be read \(Permission denied\); give yourself the permission"):
        open_image(tmp_path / "a.png")


def test_a_picture_of_too_many_pixels_says_how_many(tmp_path, monkeypatch):
    Image.new("1", (2000, 1500)).save(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    with pytest.raises(InputError, match=r"large.png is too large: it has 3 million pixels, and Pillow refuses more than 2 million.*; shrink it\.$"):
        open_image(tmp_path / "large.png")


@pytest.mark.parametrize("image, plain", [(Image.new("RGB", (8, 8), "teal"), True), (Image.new("RGBA", (8, 8), (9, 9, 9, 0)), True),
                                          (Image.radial_gradient("L"), False), (Image.merge("RGB", [Image.linear_gradient("L"), *[Image.new("L", (256, 256))] * 2]), False)])
def test_pictures_of_one_colour(tmp_path, image, plain):
    image.save(tmp_path / "a.png")
    assert is_plain(load_image(tmp_path / "a.png", 8)) is plain


@pytest.mark.parametrize("masked, bare", [("with_mask", "without_mask"), ("WithMask", "WithoutMask"), ("with mask", "Without Mask"), ("WITH-MASK", "without-mask")])
def test_spellings_of_the_classes(tmp_path, masked, bare):
    touch(tmp_path / masked / "a.png", tmp_path / bare / "b.png")
    assert {(sample.path.name, sample.target) for sample in find_samples(tmp_path)} == {("a.png", 1), ("b.png", 0)}


def test_split_folders(tmp_path):
    for split in ("Train", "validation", "TEST"):
        touch(tmp_path / split / "with_mask" / "a.png", tmp_path / split / "without_mask" / "b.png")
    assert {(sample.split, sample.target) for sample in find_samples(tmp_path)} == {(s, t) for s in ("train", "val", "test") for t in (0, 1)}


def test_junk_is_neither_class_nor_image(tmp_path):
    touch(tmp_path / "with_mask" / "a.png", tmp_path / "without_mask" / "b c.jpg_1088Wx1632H.png", tmp_path / "without_mask" / "ü 口罩.png")
    touch(tmp_path / "__MACOSX" / "with_mask" / "x.png", tmp_path / ".ipynb_checkpoints" / "y.png", tmp_path / "with_mask" / ".ipynb_checkpoints" / "z.png")
    for name in ("Thumbs.db", ".DS_Store", "desktop.ini"):
        (tmp_path / "with_mask" / name).write_bytes(b"junk")
    assert sorted(sample.path.name for sample in find_samples(tmp_path)) == ["a.png", "b c.jpg_1088Wx1632H.png", "ü 口罩.png"]


def test_folder_errors_say_what_was_found(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        find_samples(tmp_path / "nowhere")
    touch(tmp_path / "file.png")
    with pytest.raises(InputError, match="is a file"):
        find_samples(tmp_path / "file.png")
    touch(tmp_path / "one" / "with_mask" / "a.png")
    with pytest.raises(InputError, match="no folder without_mask: it holds with_mask"):
        find_samples(tmp_path / "one")
    touch(tmp_path / "unknown" / "cats" / "a.png", tmp_path / "unknown" / "dogs" / "b.png")
    with pytest.raises(InputError, match="it holds cats, dogs"):
        find_samples(tmp_path / "unknown")
    (tmp_path / "one" / "without_mask").mkdir()
    with pytest.raises(InputError, match="without_mask folder in .* holds no images"):
        find_samples(tmp_path / "one")


def test_a_class_folder_that_may_not_be_read_is_not_called_empty(tmp_path, monkeypatch):
    touch(tmp_path / "with_mask" / "a.png", tmp_path / "without_mask" / "b.png")
    forbid(monkeypatch, tmp_path / "without_mask")
    with pytest.raises(InputError, match=r"The folder .*without_mask cannot be read \(Permission denied\); give yourself the permission"):
        find_samples(tmp_path)


CLASSES = ("with_mask", "without_mask")


@pytest.mark.parametrize("places, others", [
    ([f"{split}/{name}" for split in ("Train", "Validation", "Test set") for name in CLASSES], ["Test set"]),
    ([*CLASSES, *(f"{split}/{name}" for split in ("train", "val") for name in CLASSES)], ["with_mask", "without_mask"]),
    ([*CLASSES, "incorrect_mask/deep"], ["incorrect_mask"]),
    ([f"train/{name}" for name in (*CLASSES, "incorrect_mask")], ["train/incorrect_mask"]),
])
def test_folders_of_photos_that_are_passed_over_are_named_once(tmp_path, caplog, places, others):
    touch(*(tmp_path / place / "a.png" for place in places))
    with caplog.at_level(logging.WARNING):
        samples = find_samples(tmp_path)
    assert len(samples) == sum(not any(f"{place}/".startswith(f"{name}/") for name in others) for place in places)
    assert len(caplog.messages) == 1 and f"are passed over: {', '.join(others)}. Only" in caplog.text
    find_samples(tmp_path, warn=False)
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("split", ["", "train", "test"])
def test_folders_without_photos_runs_and_hidden_ones_are_passed_over_in_silence(tmp_path, caplog, split):
    touch(*(tmp_path / part / name / "a.png" for part in {split, split and "train"} for name in CLASSES))
    touch(tmp_path / split / ".thumbnails" / "a.png", tmp_path / split / "__MACOSX" / "a.png", tmp_path / "runs" / "first" / "mistakes.png", tmp_path / "logo.png")
    (tmp_path / "runs" / "first" / "mask_cnn_best.pth").touch()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "sources.pdf").touch()
    with caplog.at_level(logging.WARNING):
        assert find_samples(tmp_path)
    assert not caplog.messages


@pytest.mark.parametrize("name", ["with_mask", "With Mask.zip", "withmask.tar.gz"])
def test_a_file_in_place_of_a_class_folder_is_named(tmp_path, name):
    touch(tmp_path / "without_mask" / "b.png", *(tmp_path / "dataset" / folder / "a.png" for folder in ("with_mask", "without_mask")))
    for file in (name, "without_mask.zip"):
        (tmp_path / file).write_bytes(b"")
    with pytest.raises(InputError, match=f"has no folder with_mask: .* {name} is a file; unpack it"):
        find_samples(tmp_path)


def test_a_folder_one_level_too_high_gets_a_hint(tmp_path):
    touch(tmp_path / "dataset" / "with_mask" / "a.png", tmp_path / "dataset" / "without_mask" / "b.png")
    with pytest.raises(InputError, match="Did you mean .*dataset"):
        find_samples(tmp_path)


@pytest.mark.parametrize("size", [0, "64", 64.0, (64, 64)])
def test_an_image_size_is_a_whole_number(size):
    with pytest.raises(InputError, match="image_size must be a whole number"):
        load_image("photo.png", size)


def test_folders_that_are_links_are_entered_once(tmp_path):
    touch(tmp_path / "elsewhere" / "a.png", tmp_path / "data" / "with_mask" / "b.png", tmp_path / "data" / "without_mask" / "c.png")
    try:
        (tmp_path / "data" / "with_mask" / "more").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    except OSError:
        pytest.skip("no links may be made here, as on Windows")
    (tmp_path / "data" / "with_mask" / "the same").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "data" / "with_mask", target_is_directory=True)
    assert [sample.path.name for sample in find_samples(tmp_path / "data")] == ["b.png", "a.png", "c.png"]
