"""Every picture that the notebooks draw, each with alternative text that is computed from the same data.

The functions follow seaborn's axes-level style: ``plot_*(data, *, ax=None)`` draws into one Axes and returns it, and never
shows it. A notebook cell ends in ``show(plot_history(history))``.

Each file holds what shows one thing: pictures (`images`), a data set (`dataset`), a `convolution`, a network's `layers`, its `training`,
its `evaluation`, the `tuning` of its settings, and `comparisons` of several. All of them draw with `drawing`, read their data with
`inputs`, and lay pictures out with `tiles`.
"""

from maskkit.plots.comparisons import plot_accuracy_by_size, plot_few_photos
from maskkit.plots.convolution import plot_array, plot_arrays, plot_feature_maps, plot_kernels
from maskkit.plots.dataset import plot_class_counts, plot_formats, plot_image_sizes, plot_pixel_histogram
from maskkit.plots.drawing import CLASS_NAMES, PALETTE, Picture, alt_text, show
from maskkit.plots.evaluation import (plot_accuracy_by, plot_confusion_matrix, plot_roc, plot_scores, plot_simulated_accuracies,
                                      plot_threshold_sweep)
from maskkit.plots.images import plot_images, plot_mean_images, plot_mistakes
from maskkit.plots.layers import plot_architecture, plot_by_depth, plot_layer_table
from maskkit.plots.training import LiveCurves, plot_history
from maskkit.plots.tuning import plot_best_so_far, plot_optimism, plot_range_test, plot_trials

__all__ = ["CLASS_NAMES", "PALETTE", "LiveCurves", "Picture", "alt_text", "plot_accuracy_by", "plot_accuracy_by_size", "plot_architecture",
           "plot_array", "plot_arrays", "plot_best_so_far", "plot_by_depth", "plot_class_counts", "plot_confusion_matrix",
           "plot_feature_maps", "plot_few_photos", "plot_formats", "plot_history", "plot_image_sizes", "plot_images", "plot_kernels",
           "plot_layer_table", "plot_mean_images", "plot_mistakes", "plot_optimism", "plot_pixel_histogram", "plot_range_test",
           "plot_roc", "plot_scores", "plot_simulated_accuracies", "plot_threshold_sweep", "plot_trials", "show"]
