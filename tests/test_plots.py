"""What was drawn is asserted on (line data, texts, image arrays), with scikit-learn as the oracle for the figures."""

import base64
import gc
import io
import itertools
import re
import subprocess
import sys
import types
import weakref

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image
from sklearn.metrics import accuracy_score, precision_score, recall_score, roc_auc_score, roc_curve

from maskkit import plots
from maskkit.errors import InputError
from maskkit.evaluation import accuracy_by
from maskkit.plots.drawing import CLASS_STYLES

RNG = np.random.default_rng(3)
IMAGES = RNG.integers(0, 256, (6, 8, 10, 3), dtype=np.uint8)
TARGETS = np.array([0, 1, 1, 0, 1, 1])
Y_TRUE = RNG.integers(0, 2, 200)
Y_SCORE = np.round(np.clip(RNG.normal(0.3 + 0.4 * Y_TRUE, 0.25), 0, 1), 2)  # rounded: scores that tie
HISTORY = [
    {"epoch": e, "train_loss": 0.7 / e, "val_loss": v, "train_accuracy": 0.5 + e / 10, "val_accuracy": a}
    for e, v, a in [(1, 0.69, 0.5), (2, 0.4, 0.8), (3, 0.12, 0.95), (4, 0.3, 0.9)]
]
LAYERS = [
    {"layer": "Conv2d", "output_shape": (32, 16, 16), "parameters": 896},
    {"layer": "Flatten", "output_shape": (8192,), "parameters": 0},
    {"layer": "Linear", "output_shape": (1,), "parameters": 8193},
]
SLICES = [
    {"value": "none", "n": 300, "accuracy": 0.9, "low": 0.86, "high": 0.93},
    {"value": "hand_over_mouth", "n": 100, "accuracy": 0.5, "low": 0.4, "high": 0.6},
]
RANGE_TEST = [{"lr": 10.0**-n, "loss": loss, "smoothed": loss} for n, loss in [(4, 0.7), (3, 0.5), (2, 0.3), (1, 1.4), (0, float("nan"))]]
TRIALS = [{"learning_rate": lr, "val_loss": loss} for lr, loss in [(0.1, float("inf")), (0.01, 0.3), (0.001, 0.2), (0.0001, 0.6)]]
SIZES = [{"model": model, "parameters": size, "accuracy": a} for model, size, a in [("wide", 8_000_000, 0.9), ("wide", 8_000_000, 0.92), ("deep", 1_000_000, 0.97)]]
FEW = [{"start": start, "photos": n, "accuracy": a} for start, n, a in [
    ("drawn faces only", 0, 0.9), ("scratch", 50, 0.8), ("scratch", 50, 0.84), ("scratch", 1000, 0.95), ("fine-tuned", 50, 0.95), ("fine-tuned", 1000, 0.98)]]
EVERY_PLOT = {
    "images": lambda ax: plots.plot_images(IMAGES, targets=TARGETS, ax=ax),
    "mean_images": lambda ax: plots.plot_mean_images(IMAGES, TARGETS, ax=ax),
    "mistakes": lambda ax: plots.plot_mistakes(IMAGES, TARGETS, [0.9, 0.1, 0.2, 0.8, 0.9, 0.9], [0, 1, 2, 3], ax=ax),
    "no_mistakes": lambda ax: plots.plot_mistakes(IMAGES, TARGETS, TARGETS, [], ax=ax),
    "class_counts": lambda ax: plots.plot_class_counts({"train": {"with_mask": 3, "without_mask": 3}}, ax=ax),
    "formats": lambda ax: plots.plot_formats({"with_mask": {"PNG": 2}, "without_mask": {"JPEG": 3}}, ax=ax),
    "image_sizes": lambda ax: plots.plot_image_sizes([90, 2000], [100, 1500], [0, 1], ax=ax),
    "pixel_histogram": lambda ax: plots.plot_pixel_histogram(IMAGES, ax=ax),
    "array": lambda ax: plots.plot_array(np.arange(9).reshape(3, 3), highlight=(0, 0, 2, 2), ax=ax),
    "arrays": lambda ax: plots.plot_arrays({"input": np.eye(4), "kernel": np.eye(2)}, ax=ax),
    "feature_maps": lambda ax: plots.plot_feature_maps(RNG.random((5, 4, 4)), ax=ax),
    "kernels": lambda ax: plots.plot_kernels(RNG.normal(size=(4, 3, 3, 3)), ax=ax),
    "layer_table": lambda ax: plots.plot_layer_table(LAYERS, ax=ax),
    "architecture": lambda ax: plots.plot_architecture(LAYERS, ax=ax),
    "history": lambda ax: plots.plot_history(HISTORY, ax=ax),
    "confusion_matrix": lambda ax: plots.plot_confusion_matrix([[140, 10], [6, 144]], ax=ax),
    "roc": lambda ax: plots.plot_roc(Y_TRUE, Y_SCORE, 0.5, ax=ax),
    "scores": lambda ax: plots.plot_scores(Y_TRUE, Y_SCORE, ax=ax),
    "threshold_sweep": lambda ax: plots.plot_threshold_sweep(Y_TRUE, Y_SCORE, ax=ax),
    "accuracy_by": lambda ax: plots.plot_accuracy_by(SLICES, name="hard_case", ax=ax),
    "range_test": lambda ax: plots.plot_range_test(RANGE_TEST, 0.01, ax=ax),
    "trials": lambda ax: plots.plot_trials({"random": TRIALS, "TPE": TRIALS[1:]}, ax=ax),
    "best_so_far": lambda ax: plots.plot_best_so_far({"random": [[3, 2, 4], [5, 1, 0]], "TPE": [[2, 2, 2], [1, 3, 4]]}, ax=ax),
    "optimism": lambda ax: plots.plot_optimism([0.9, 0.95, 0.85], [0.8, 0.85, 0.75], ax=ax),
    "by_depth": lambda ax: plots.plot_by_depth({"plain": [1, 0.1, 0.01], "residual": [1, 1, 1]}, "size of the gradient", ax=ax),
    "accuracy_by_size": lambda ax: plots.plot_accuracy_by_size(SIZES, ax=ax),
    "few_photos": lambda ax: plots.plot_few_photos(FEW, ax=ax),
    "simulated_accuracies": lambda ax: plots.plot_simulated_accuracies(RNG.binomial(50, 0.9, 99) / 50, (0.8, 0.95), ax=ax),
}
every_plot = pytest.mark.parametrize("draw", EVERY_PLOT.values(), ids=EVERY_PLOT)


def line(ax, label):
    return next(drawn for drawn in ax.get_lines() if drawn.get_label() == label)


def texts(ax):
    return [text.get_text() for text in ax.texts]


def title(ax):
    return ax.get_title(loc="left").replace("\n", " ")


def test_every_public_plot_is_among_the_tested():
    public = {name.removeprefix("plot_") for name in vars(plots) if name.startswith("plot_")}
    assert public == set(EVERY_PLOT) - {"no_mistakes"}


@every_plot
def test_draws_into_the_axes_it_is_given(draw):
    figure = Figure(layout="constrained")
    ax = figure.subplots()
    assert draw(ax) is ax
    assert ax.has_data() or ax.texts or ax.patches


@every_plot
def test_no_text_is_cut_off_or_overlaps_another(draw, monkeypatch):
    figure, boxes = draw(None).figure, {}
    draw_text = Text.draw

    def note(text, renderer):
        draw_text(text, renderer)
        if text.get_text().strip():
            boxes[text] = text.get_window_extent(renderer)

    monkeypatch.setattr(Text, "draw", note)
    figure.draw_without_rendering()
    assert boxes
    for text, box in boxes.items():
        assert box.x0 >= -1 and box.y0 >= -1, text
        assert box.x1 <= figure.bbox.width + 1 and box.y1 <= figure.bbox.height + 1, text
    for (text, box), (other_text, other) in itertools.combinations(boxes.items(), 2):
        across, down = (min(box.max[i], other.max[i]) - max(box.min[i], other.min[i]) for i in (0, 1))
        assert across <= 1 or down <= 1, (text, other_text)


@every_plot
def test_attaches_alternative_text_that_show_puts_into_the_picture(draw):
    ax = draw(None)
    picture = plots.show(ax)
    assert len(picture.alt) > 20 and picture.alt.endswith(".") and "nan" not in picture.alt
    assert repr(picture) == picture.alt == plots.alt_text(ax)


@every_plot
def test_leaves_no_figure_behind(draw):
    before = plt.get_fignums()
    ax = draw(None)
    figure = weakref.ref(ax.figure)
    plots.show(ax)
    del ax
    gc.collect()
    assert plt.get_fignums() == before
    assert figure() is None


def test_show_closes_the_figure_of_pyplot_too():
    figure, ax = plt.subplots()
    plots.show(plots.plot_history(HISTORY, ax=ax))
    assert not plt.fignum_exists(figure.number)


def test_importing_plots_chooses_no_backend():
    code = "import sys, maskkit.plots; print('matplotlib.pyplot' in sys.modules, 'torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]


def test_html_is_an_image_with_escaped_alternative_text():
    picture = plots.show(plots.plot_array([[1]]), alt='1 < 2 & "so on"')
    html = picture._repr_html_()
    assert 'alt="1 &lt; 2 &amp; &quot;so on&quot;"' in html and f'width="{picture.width}"' in html
    data = re.search(r'src="data:image/webp;base64,([^"]+)"', html).group(1)
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.format == "WEBP" and image.width >= picture.width


def test_save_writes_the_png_with_its_description(tmp_path):
    picture = plots.show(plots.plot_history(HISTORY))
    path = picture.save(tmp_path / "figures" / "history.png")
    with Image.open(path) as image:
        assert image.info["Description"] == picture.alt
    with pytest.raises(InputError, match=r"\.png"):
        picture.save(tmp_path / "history.pdf")


def test_the_picture_is_what_savefig_would_write():
    drawn, saved = plots.plot_history(HISTORY), io.BytesIO()
    metadata = {"Description": plots.alt_text(drawn), "Software": None}
    plots.plot_history(HISTORY).figure.savefig(saved, format="png", dpi=110, facecolor="white", metadata=metadata)
    assert plots.show(drawn).png == saved.getvalue()


def test_show_asks_for_alternative_text_where_there_is_none():
    ax = Figure().subplots()
    with pytest.raises(InputError, match="alternative text"):
        plots.show(ax)
    assert plots.show(ax, alt="An empty plot.").alt == "An empty plot."


def test_show_of_a_figure_joins_the_texts_of_its_plots():
    figure = Figure(layout="constrained")
    left, right = figure.subplots(1, 2)
    plots.plot_array([[1, 2]], title="left", ax=left)
    plots.plot_array([[3]], title="right", ax=right)
    assert plots.show(figure).alt == "left: 1 2. right: 3."


@pytest.mark.parametrize("layout", ["last", "first", "torch", "float", "list"])
def test_images_are_accepted_channels_first_or_last(layout):
    given = {
        "last": IMAGES,
        "first": IMAGES.transpose(0, 3, 1, 2),
        "torch": torch.from_numpy(IMAGES.transpose(0, 3, 1, 2).copy()),
        "float": torch.from_numpy(IMAGES.transpose(0, 3, 1, 2) / 255.0).requires_grad_(),
        "list": list(IMAGES),
    }[layout]
    ax = plots.plot_images(given)
    scale = 255 if layout == "float" else 1
    for drawn, image in zip(ax.images, IMAGES, strict=True):
        np.testing.assert_allclose(np.asarray(drawn.get_array()) * scale, image, atol=1e-9)


def test_images_keep_their_shape_and_stand_in_reading_order():
    ax = plots.plot_images([IMAGES[0], IMAGES[1, :, :4], IMAGES[2]], columns=2)
    (x0, x1, y1, y0), (_, tall_x1, tall_y1, tall_y0), (*_, below) = [image.get_extent() for image in ax.images]
    assert (y1 - y0) / (x1 - x0) == pytest.approx(8 / 10)
    assert tall_y1 - tall_y0 == pytest.approx(1) and tall_x1 > x1
    assert below > y0


def test_frames_tell_the_class_by_line_style_and_colour():
    ax = plots.plot_images(IMAGES[:2], targets=[0, 1])
    without, with_mask = [p for p in ax.patches if isinstance(p, Rectangle)]
    assert without.get_linestyle() != with_mask.get_linestyle()
    assert to_hex(without.get_edgecolor()) != to_hex(with_mask.get_edgecolor())
    assert texts(ax) == ["without mask", "with mask"]
    assert "1 without mask and 1 with mask" in plots.alt_text(ax)


def test_file_names_are_not_read_as_formulas():
    ax = plots.plot_images(IMAGES[:2], titles=["a$b_1$.jpg", "$"])
    assert plots.show(ax).png and texts(ax) == ["a$b_1$.jpg", "$"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.plot_images([]), "empty"),
        (lambda: plots.plot_images(IMAGES, titles=["one"]), "6 pictures but 1 titles"),
        (lambda: plots.plot_images(IMAGES.astype(float)), "divide by 255"),
        (lambda: plots.plot_images(np.zeros((2, 5, 5, 7))), r"\(5, 5, 7\)"),
        (lambda: plots.plot_mean_images(IMAGES, np.ones(6)), "without_mask"),
        (lambda: plots.plot_feature_maps(np.zeros((1, 2, 3, 3))), r"maps\[0\]"),
        (lambda: plots.plot_kernels(np.zeros((3, 3))), r"\(3, 3\)"),
        (lambda: plots.plot_history([]), "empty"),
        (lambda: plots.plot_roc([1, 1], [0.2, 0.3]), "both classes"),
        (lambda: plots.plot_roc([1, 0], [0.2]), "2 entries .* 1"),
        (lambda: plots.plot_scores([1, 2], [0.2, 0.3]), r"\[1, 2\]"),
        (lambda: plots.plot_accuracy_by([]), "empty"),
        (lambda: plots.plot_formats({"with_mask": {}, "without_mask": {}}), "no class has a file"),
        (lambda: plots.plot_accuracy_by({"accuracy": 0.9}), "from accuracy_by; got a dict"),
        (lambda: plots.plot_images("face.png"), "got 'face.png'"),
        (lambda: plots.plot_images(types.SimpleNamespace()), r"as \.images"),
        (lambda: plots.plot_images(IMAGES, targets=["with_mask"] * 6), r"0 and 1 only, but holds \['with_mask'\]"),
        (lambda: plots.plot_mean_images(IMAGES, [0, 1]), "6 pictures and 2 labels"),
        (lambda: plots.plot_image_sizes([9, 9], [9, 9], [1]), "2 pictures and 1 labels"),
        (lambda: plots.plot_kernels(torch.nn.Conv2d(3, 4, 3)), r"\.parameters\(\)"),
        (lambda: plots.plot_history(types.SimpleNamespace(history=[])), r"fit \(result\.history\)"),
        (lambda: plots.plot_history([{"epoch": 1, "val_loss": 0.5}], metrics="loss"), r"\('loss', 'accuracy'\); got 'loss'"),
        (lambda: plots.plot_history([{"epoch": 1, "loss": 0.5}]), "some lack val_loss"),
        (lambda: plots.plot_layer_table(torch.nn.ReLU()), r"from layer_table\(model, image_size\); got a torch ReLU"),
        (lambda: plots.plot_architecture(torch.nn.ReLU()), "from layer_table"),
        (lambda: plots.plot_range_test([0.1, 0.2]), "from range_test"),
        (lambda: plots.plot_class_counts([10, 20]), r"dataset\.class_counts\(\)"),
        (lambda: plots.plot_array(np.zeros((3, 5, 5))), r"two axes.*\(3, 5, 5\)"),
        (lambda: plots.plot_arrays([[1, 2]]), "dict from titles to arrays"),
        (lambda: plots.plot_confusion_matrix({"accuracy": 0.9}), r"report\['confusion_matrix'\]"),
        (lambda: plots.plot_confusion_matrix([[0.5, 0.5], [0.2, 0.8]]), "whole numbers"),
        (lambda: plots.plot_confusion_matrix([0, 1, 1]), r"\(3,\)"),
        (lambda: plots.plot_roc([1, 0], [0.2, np.nan]), "holds nan"),
        (lambda: plots.plot_scores([1, 0], [2.5, -3.0]), "torch.sigmoid"),
        (lambda: plots.plot_scores([0.1, 0.9], [0, 1]), "y_true must hold 0 and 1 only"),
        (lambda: plots.plot_threshold_sweep([1, 0], [70, 20]), "from 0 to 1"),
        (lambda: plots.plot_mistakes(IMAGES, TARGETS, TARGETS, [6]), "from 0 to 5; got 6"),
        (lambda: plots.show(IMAGES), "show takes what a plot_… function returned"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_mistakes_may_be_told_by_position_or_by_true_and_false():
    y_score = np.array([0.9, 0.1, 0.9, 0.9, 0.1, 0.1])
    wrong = (y_score >= 0.5) != (np.asarray(TARGETS) == 1)
    by_position, by_truth = (plots.plot_mistakes(IMAGES, TARGETS, y_score, which) for which in (np.flatnonzero(wrong), wrong))
    assert plots.alt_text(by_position) == plots.alt_text(by_truth)


def test_mean_images_are_the_means_of_the_classes():
    ax = plots.plot_mean_images(IMAGES, TARGETS)
    without, with_mask, difference = [np.asarray(image.get_array()) for image in ax.images]
    np.testing.assert_allclose(without, IMAGES[TARGETS == 0].mean(axis=0) / 255)
    np.testing.assert_allclose(with_mask, IMAGES[TARGETS == 1].mean(axis=0) / 255)
    gap = np.abs(with_mask - without).mean(axis=-1)
    assert gap.max() > 0.15
    np.testing.assert_allclose(difference, gap / gap.max())
    assert f"{gap.max():.0%}".replace("%", " %") in title(ax)


def test_a_small_difference_of_means_is_drawn_dark():
    images = np.full((2, 4, 4, 3), 100, np.uint8)
    images[1, 0] = 100 + 0.03 * 255
    *_, difference = [np.asarray(image.get_array()) for image in plots.plot_mean_images(images, [0, 1]).images]
    np.testing.assert_allclose(difference.max(), 7 / 255 / 0.15)


def test_mean_images_say_where_the_classes_differ():
    images = np.zeros((2, 10, 10, 3), dtype=np.uint8)
    images[1, 8:] = 255
    assert "centred 90 % of the way down" in plots.alt_text(plots.plot_mean_images(images, [0, 1]))


def test_mistakes_tell_truth_answer_and_confidence():
    ax = plots.plot_mistakes(IMAGES, [0, 1, 1, 0, 1, 1], [0.97, 0.2, 0.9, 0.1, 0.9, 0.9], [1, 0])
    assert texts(ax) == ["truth: with mask\nmodel: without mask, 80\u00a0%", "truth: without mask\nmodel: with mask, 97\u00a0%"]
    np.testing.assert_array_equal(ax.images[0].get_array(), IMAGES[1])
    assert title(ax) == "2 mistakes: 1 missed masks, 1 masks seen where there are none"
    assert "all of them are shown" in plots.alt_text(ax)


def test_a_gallery_of_some_mistakes_counts_them_all():
    ax = plots.plot_mistakes(IMAGES, [0, 1, 1, 0, 1, 1], [0.97, 0.2, 0.9, 0.8, 0.9, 0.9], [0])
    assert title(ax).startswith("3 mistakes: 1 missed masks, 2 masks seen") and "1 of them are shown" in plots.alt_text(ax)


def test_class_counts_draw_a_bar_for_each_class_of_each_split():
    counts = {"train": {"with_mask": 70, "without_mask": 60}, "test": {"with_mask": 10, "without_mask": 20}}
    ax = plots.plot_class_counts(counts)
    without, with_mask = ax.containers
    assert [bar.get_height() for bar in without] == [60, 20] and [bar.get_height() for bar in with_mask] == [70, 10]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["train", "test"]
    assert without[0].get_hatch() != with_mask[0].get_hatch()
    assert title(ax) == "160 pictures, the same number in each class"
    assert "test: 20 without mask and 10 with mask" in plots.alt_text(ax)


def test_class_counts_name_the_largest_class():
    assert title(plots.plot_class_counts({"with_mask": 3, "without_mask": 1})) == (
        "4 pictures; 75 % are with mask, the largest class"
    )


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"with_mask": {"JPEG": 5, "PNG": 2}, "without_mask": {"JPEG": 7}}, "Only one class has PNG files"),
        ({"with_mask": {"PNG": 2}, "without_mask": {"PNG": 7}}, "Both classes have PNG files"),
    ],
)
def test_formats_warn_of_what_gives_a_class_away(counts, message):
    assert title(plots.plot_formats(counts)) == message


def test_image_sizes_are_points_with_a_marker_for_each_class():
    ax = plots.plot_image_sizes([90, 2000, 500], [100, 1500, 500], [0, 1, 1])
    without, with_mask = ax.collections
    np.testing.assert_array_equal(without.get_offsets(), [[90, 100]])
    np.testing.assert_array_equal(with_mask.get_offsets(), [[2000, 1500], [500, 500]])
    assert len(without.get_paths()[0]) != len(with_mask.get_paths()[0])
    assert ax.get_xscale() == "log" and title(ax) == "From 90 × 100 to 2,000 × 1,500 pixels; 33 % are square"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["without mask", "with mask", "square"]
    ax = plots.plot_image_sizes([64, 64], [64, 64])
    assert title(ax) == "All 2 pictures are 64 × 64 pixels"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["picture", "square"]  # no class where none is known


def test_pixel_histogram_counts_every_pixel_of_each_channel():
    ax = plots.plot_pixel_histogram(IMAGES, bins=16)
    drawn = [step.get_data().values for step in ax.patches]
    expected = [100 * np.histogram(IMAGES[..., c], bins=16, range=(0, 255))[0] / IMAGES[..., c].size for c in range(3)]
    np.testing.assert_allclose(drawn, expected)
    assert len({step.get_linestyle() for step in ax.patches}) == 3
    assert f"mean {IMAGES.mean():.3g}, standard deviation {IMAGES.std():.3g}" in title(ax)


def test_array_has_its_number_in_each_cell_and_a_frame():
    ax = plots.plot_array([[1, 0.5], [-2, 30]], title="kernel", highlight=(1, 0, 1, 2))
    assert texts(ax) == ["1", "0.5", "-2", "30", "kernel"]
    frame = max(ax.patches, key=lambda patch: patch.get_linewidth())
    assert (frame.get_xy(), frame.get_width(), frame.get_height()) == ((0, 1), 2, 1)
    assert plots.alt_text(ax) == "kernel: 1 0.5; -2 30 (framed: 1 × 2 from row 1, column 0)."


def test_cells_that_are_still_empty_do_not_count_as_numbers():
    table = np.arange(81.0).reshape(9, 9)
    table[0, 0] = np.nan
    assert plots.alt_text(plots.plot_array(table)) == "array: 9 × 9 numbers from 1 to 80."


def test_feature_maps_share_one_scale():
    maps = torch.zeros(3, 4, 4, requires_grad=True)
    with torch.no_grad():
        maps[1] = torch.arange(16.0).reshape(4, 4)
    ax = plots.plot_feature_maps(maps)
    assert {image.get_clim() for image in ax.images} == {(0, 15)}
    assert title(ax) == "3 feature maps of 4 × 4; map 1 answers most, 2 are flat"
    assert title(plots.plot_feature_maps(maps[:2])) == "2 feature maps of 4 × 4; map 1 answers most, 1 is flat"


def test_kernels_are_drawn_about_mid_grey():
    kernels = RNG.normal(size=(4, 3, 3, 3))
    largest = np.abs(kernels).max()
    drawn = np.asarray(plots.plot_kernels(kernels).images[2].get_array())
    np.testing.assert_allclose((drawn - 0.5) * 2 * largest, kernels[2].transpose(1, 2, 0))
    many = RNG.normal(size=(2, 8, 3, 3))
    drawn = np.asarray(plots.plot_kernels(many).images[1].get_array())
    np.testing.assert_allclose((drawn - 0.5) * 2 * np.abs(many.mean(axis=1)).max(), many[1].mean(axis=0))


def test_layer_table_draws_parameters_and_names_where_most_sit():
    ax = plots.plot_layer_table(LAYERS)
    assert [bar.get_width() for bar in ax.containers[0]] == [896, 0, 8193]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["1 Conv2d   32 × 16 × 16", "2 Flatten   8192", "3 Linear   1"]
    assert title(ax) == "90.1 % of the 9,089 parameters sit in layer 3, Linear"


def test_architecture_blocks_are_as_tall_as_their_maps():
    rows = [dict(LAYERS[0], output_shape=shape) for shape in [(None, 8, 32, 32), "16 x 16 x 16", (1, 10)]]
    ax = plots.plot_architecture(rows)
    assert [patch.get_height() for patch in ax.patches[:2]] == [1, 0.5]
    assert texts(ax)[::2] == ["8\n× 32\n× 32", "16\n× 16\n× 16", "10"]


def test_history_draws_both_metrics_and_marks_the_lowest_validation_loss():
    ax = plots.plot_history(HISTORY)
    loss, accuracy = ax.figure.axes
    assert ax is loss
    for panel, metric in ((loss, "loss"), (accuracy, "accuracy")):
        for part, label in (("train", "training"), ("val", "validation")):
            curve = line(panel, label)
            np.testing.assert_array_equal(curve.get_xydata(), [(r["epoch"], r[f"{part}_{metric}"]) for r in HISTORY])
        assert line(panel, "training").get_linestyle() != line(panel, "validation").get_linestyle()
        assert line(panel, "training").get_marker() != line(panel, "validation").get_marker()
    assert line(loss, "kept: epoch 3").get_xydata().tolist() == [[3, 0.12]]
    assert line(accuracy, "kept: epoch 3").get_xydata().tolist() == [[3, 0.95]]
    assert plots.alt_text(ax).startswith("Validation loss falls from 0.69 to 0.3; the lowest, 0.12, is at epoch 3.")


def test_history_marks_the_epoch_it_is_told():
    ax = plots.plot_history(HISTORY, best_epoch=2, metrics=("loss",))
    assert len(ax.figure.axes) == 1
    assert line(ax, "kept: epoch 2").get_xydata().tolist() == [[2, 0.4]]
    assert "epoch 2 are kept" in plots.alt_text(ax)


def test_history_of_one_epoch_and_from_a_csv_file():
    row = {key: str(value) for key, value in HISTORY[0].items()}
    assert plots.alt_text(plots.plot_history([row])).startswith("Validation loss is 0.69 after one epoch.")


def test_a_curve_on_which_nothing_happens_looks_like_one():
    rows = [dict(epoch=i, train_loss=0.693 + i / 1e5, val_loss=0.693 + i / 1e6, train_accuracy=0.472 + i / 100, val_accuracy=0.5) for i in (1, 2, 3)]
    ax = plots.plot_history(rows)
    for axes, least in zip(ax.figure.axes, (0.1, 0.2)):
        low, high = axes.get_ylim()
        assert high - low >= least - 1e-9
    assert "Validation loss begins and ends at 0.693" in plots.alt_text(ax)


def test_history_that_stands_still_or_is_not_a_number_is_drawn_too():
    rows = [dict(HISTORY[0], epoch=e, val_loss=float("nan"), val_accuracy=0.5) for e in (1, 2)]
    rows[1]["val_loss"] = 3.0
    alt = plots.alt_text(plots.plot_history(rows))
    assert "accuracy begins and ends at 0.5" in alt and "the lowest, 3, is at epoch 2" in alt
    never = plots.plot_history([dict(row, val_loss=float("nan")) for row in rows])
    assert never.lines and plots.alt_text(never).endswith("No weights are kept.") and "kept" not in str(texts(never))
    assert plots.alt_text(plots.plot_history(rows, best_epoch=0)).endswith("No weights are kept.")


def test_confusion_matrix_shows_counts_and_shares_of_rows():
    ax = plots.plot_confusion_matrix(torch.tensor([[140, 10], [6, 144]]))
    assert texts(ax) == ["140\n93.3 % of row", "10\n6.7 % of row", "6\n4.0 % of row", "144\n96.0 % of row"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["without mask", "with mask"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("the model says", "the truth is")
    assert title(ax) == "284 of 300 right (94.7 %)"


def test_roc_is_that_of_scikit_learn():
    ax = plots.plot_roc(Y_TRUE, Y_SCORE, threshold=0.5)
    false_rate, true_rate, _ = roc_curve(Y_TRUE, Y_SCORE, drop_intermediate=False)
    np.testing.assert_allclose(line(ax, "the model").get_xydata(), np.column_stack([false_rate, true_rate]))
    assert title(ax) == f"Area under the ROC curve: {roc_auc_score(Y_TRUE, Y_SCORE):.3f}"
    predicted = Y_SCORE >= 0.5
    expected = [1 - recall_score(Y_TRUE, predicted, pos_label=0), recall_score(Y_TRUE, predicted)]
    np.testing.assert_allclose(line(ax, "threshold 0.5").get_xydata(), [expected])


def test_scores_count_every_picture_and_its_mistakes():
    ax = plots.plot_scores(Y_TRUE, Y_SCORE, threshold=0.4, bins=10)
    with_mask, without = ([bar.get_height() for bar in container] for container in ax.containers)
    np.testing.assert_array_equal(with_mask, np.histogram(Y_SCORE[Y_TRUE == 1], bins=10, range=(0, 1))[0])
    np.testing.assert_array_equal(without, -np.histogram(Y_SCORE[Y_TRUE == 0], bins=10, range=(0, 1))[0])
    missed, alarms = ((Y_SCORE < 0.4) & (Y_TRUE == 1)).sum(), ((Y_SCORE >= 0.4) & (Y_TRUE == 0)).sum()
    assert title(ax) == f"At the threshold 0.4: {missed} masks missed, {alarms} false alarms"


def test_threshold_sweep_is_that_of_scikit_learn():
    ax = plots.plot_threshold_sweep(Y_TRUE, Y_SCORE, threshold=0.5, steps=11)
    oracle = {"precision": precision_score, "recall": recall_score, "accuracy": accuracy_score}
    for name, score in oracle.items():
        thresholds, values = line(ax, name).get_data()
        expected = [score(Y_TRUE, Y_SCORE >= t) if (Y_SCORE >= t).any() or name != "precision" else np.nan for t in thresholds]
        np.testing.assert_allclose(values, expected)
    assert len({line(ax, name).get_linestyle() for name in oracle}) == 3
    figures = [f"{score(Y_TRUE, Y_SCORE >= 0.5):.3g}" for score in oracle.values()]
    assert title(ax) == "At the threshold 0.5: precision {}, recall {} and accuracy {}".format(*figures)


def test_threshold_sweep_finds_the_most_accurate_threshold():
    ax = plots.plot_threshold_sweep([0, 0, 1, 1], [0.1, 0.3, 0.35, 0.9], steps=101)
    assert title(ax) == "Accuracy is highest, 1, at the threshold 0.31"


def test_accuracy_by_draws_intervals_and_names_the_weakest_slice():
    ax = plots.plot_accuracy_by(SLICES, name="hard_case")
    points, _, (interval,) = ax.containers[0]
    np.testing.assert_allclose(points.get_xdata(), [0.9, 0.5])
    np.testing.assert_allclose([segment[:, 0] for segment in interval.get_segments()], [[0.86, 0.93], [0.4, 0.6]])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["none (n = 300)", "hand over mouth (n = 100)"]
    assert line(ax, "all: 0.8").get_xdata() == [0.8, 0.8]
    assert title(ax).startswith("Weakest: hand over mouth (n = 100), 0.50 right, between 0.40 and 0.60")


def test_accuracies_under_a_title_of_their_own_are_no_slices_of_one_whole():
    ax = plots.plot_accuracy_by(SLICES, title="Two test sets")
    assert title(ax) == "Two test sets" and ax.get_legend() is None and "Weakest" not in plots.alt_text(ax)


def test_simulated_accuracies_are_counted_and_the_middle_is_dark():
    accuracies = np.repeat([0.80, 0.85, 0.90, 0.95, 1.00], [10, 200, 500, 280, 10])
    ax = plots.plot_simulated_accuracies(accuracies, interval=(0.82, 0.97))
    middle, rest = ax.containers
    assert [bar.get_height() for bar in middle] == [20, 50, 28]
    assert [bar.get_height() for bar in rest] == [1, 1] and rest[0].get_hatch()
    assert list(line(ax, "interval").get_xdata()) == [0.82, 0.97]
    assert min(line(ax, "interval").get_ydata()) > 50
    assert title(ax) == "95 % of 1,000 simulated accuracies lie between 0.850 and 0.950"


def test_live_curves_remember_in_silence_where_there_is_no_notebook(capsys, monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    live = plots.LiveCurves()
    for row in HISTORY:
        live(row)
    assert live.history == HISTORY and live.picture is None and capsys.readouterr().out == ""


@pytest.fixture
def notebook(monkeypatch):
    """A stand-in for IPython that notes what is displayed and what is displayed in its place."""
    shown = []

    def display(picture, display_id):
        shown.append(("display", picture, display_id))
        return types.SimpleNamespace(update=lambda other: shown.append(("update", other, None)))

    fake = types.SimpleNamespace(get_ipython=lambda: object(), display=types.SimpleNamespace(display=display))
    monkeypatch.setitem(sys.modules, "IPython", fake)
    return shown


@pytest.mark.parametrize("whole", [False, True], ids=["row by row", "the whole history"])
def test_live_curves_draw_again_in_the_same_place(notebook, whole):
    live = plots.LiveCurves()
    for i, row in enumerate(HISTORY, 1):
        live.update(HISTORY[:i] if whole else row)
    assert [kind for kind, *_ in notebook] == ["display", "update", "update", "update"]
    assert notebook[0][2] is True and live.history == HISTORY
    assert notebook[-1][1].alt == plots.alt_text(plots.plot_history(HISTORY))


def test_palette_is_told_apart_by_colour_blind_readers_and_in_grey():
    """The two classes differ in grey (luma) by a fifth of the range at least, whoever looks at them."""
    styles = CLASS_STYLES
    lightness = [np.dot([int(s["color"][i:i + 2], 16) / 255 for i in (1, 3, 5)], [0.299, 0.587, 0.114]) for s in styles]
    assert abs(lightness[0] - lightness[1]) > 0.2
    for key in ("color", "hatch", "marker", "linestyle"):
        assert styles[0][key] != styles[1][key]


def test_range_test_marks_the_lowest_smoothed_loss_and_the_suggestion():
    ax = plots.plot_range_test(RANGE_TEST, 0.001)
    assert line(ax, "lowest: 0.01").get_xdata() == [0.01] and line(ax, "suggestion: 0.001").get_xdata()[0] == 0.001
    assert "lowest, 0.30, at 0.01" in plots.alt_text(ax) and ax.get_xscale() == "log"
    assert 0.7 < ax.get_ylim()[1] < 1  # the loss that runs away does not flatten the rest


def test_trials_leave_out_what_has_no_loss_and_ring_the_best():
    ax = plots.plot_trials({"random": TRIALS})
    assert line(ax, "random").get_xdata().tolist() == [0.01, 0.001, 0.0001]
    assert [0.001] in [drawn.get_xdata().tolist() for drawn in ax.get_lines() if drawn.get_markersize() == 16]
    with pytest.raises(InputError, match="None of the trials"):
        plots.plot_trials({"random": TRIALS[:1]})


def test_best_so_far_is_the_running_minimum_of_each_repeat():
    ax = plots.plot_best_so_far({"random": [[3, 2, 4], [5, 1, 0]]})
    assert line(ax, "random, mean of 2").get_ydata().tolist() == [4, 1.5, 1]
    assert "random 1.000" in title(ax)


def test_optimism_is_the_mean_difference():
    assert "10.0 points better" in title(plots.plot_optimism([0.9, 0.95, 0.85], [0.8, 0.85, 0.75]))


def test_accuracy_by_size_puts_the_runs_of_a_network_together():
    ax = plots.plot_accuracy_by_size(SIZES)
    assert "deep" in title(ax) and "wide with 8,000,000 parameters 0.910 (2 runs, " in plots.alt_text(ax)


def test_what_accuracy_by_size_shows_of_time_is_told_as_well():
    rows = [{"model": "wide", "parameters": 8e6, "accuracy": 0.9, "seconds": seconds} for seconds in (20, 28)]
    ax = plots.plot_accuracy_by_size(rows)
    assert texts(ax) == ["wide\n8.00 million\n24 s a run"] and "0.900 to 0.900; 24 s a run)" in plots.alt_text(ax)


def test_no_network_is_called_the_most_accurate_while_runs_overlap():
    def rows(**accuracies):
        return [{"model": name, "parameters": 1e6, "accuracy": accuracy} for name, runs in accuracies.items() for accuracy in runs]

    assert title(plots.plot_accuracy_by_size(rows(small=[0.80, 0.84], vgg=[0.86, 0.90], residual=[0.88, 0.91]))) == "Most accurate: vgg or residual"
    assert title(plots.plot_accuracy_by_size(rows(small=[0.80, 0.84], vgg=[0.84, 0.87], residual=[0.88, 0.91]))) == "Most accurate: residual"


def test_few_photos_draws_means_by_number_of_photos():
    ax = plots.plot_few_photos(FEW)
    scratch = line(ax, "scratch")
    assert list(scratch.get_xdata()) == [50, 1000] and list(scratch.get_ydata()) == pytest.approx([0.82, 0.95])
    assert line(ax, "drawn faces only").get_ydata()[0] == 0.9
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["50", "1,000"]


def test_draws_that_are_all_equal_have_no_reach():
    equal = [{"start": "fine-tuned", "model": "maskcnn", "parameters": 1e6, "photos": 50, "accuracy": round(502 / 615, 6)} for _ in range(3)]
    assert np.mean([row["accuracy"] for row in equal]) > equal[0]["accuracy"]  # as floats add up
    assert "0.816 with 50" in plots.alt_text(plots.plot_few_photos(equal))
    assert "0.816 to 0.816" in plots.alt_text(plots.plot_accuracy_by_size(equal))


@pytest.mark.parametrize("right", [0, 13])
def test_a_slice_that_is_all_right_or_all_wrong(right):
    rows = accuracy_by(np.zeros(13), np.ones(13), np.full(13, right / 13))
    low, high = plots.plot_accuracy_by(rows).collections[0].get_segments()[0][:, 0]  # of the bar
    assert low <= right / 13 <= high and (right / 13 in (low, high))
    plots.plot_accuracy_by([{**rows[0], "low": 0.001, "high": 0.999}])  # rounded


def test_a_picture_too_tall_for_webp_is_shown_all_the_same():
    png = io.BytesIO()
    Image.new("RGB", (2, 17000)).save(png, format="PNG")
    shown = plots.drawing.Picture(png.getvalue(), "a tall one", 2)._repr_html_()
    kind, data = re.search(r"data:image/(\w+);base64,([^\"]+)", shown).groups()
    assert kind == "png" and base64.b64decode(data) == png.getvalue()
