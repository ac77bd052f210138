"""Draw the pictures of the README: python docs/make_pictures.py"""

from pathlib import Path

import numpy as np

from maskkit import TrainConfig, load_dataset, load_or_train, predict_proba
from maskkit.plots import plot_images, show

PICTURES = Path(__file__).parent / "pictures"


def faces_with_probabilities() -> None:
    """Twelve test faces, six of each class, with what MaskCNN says of them."""
    small = load_dataset("synthetic", n=2000, image_size=64, progress=True)
    result = load_or_train(small, TrainConfig(epochs=12, patience=4), run_dir="runs/pictures")
    large = load_dataset("synthetic", n=2000, image_size=128, progress=True).subset("test")
    y_score = predict_proba(result.model, small.subset("test").images)
    chosen = np.sort(np.concatenate([np.flatnonzero(large.targets == target)[:6] for target in (0, 1)]))
    titles = [f"mask: {score:.0%}".replace("%", "\u00a0%") for score in y_score[chosen]]
    picture = show(plot_images(large.images[chosen], targets=large.targets[chosen], titles=titles, columns=6))
    print(picture.save(PICTURES / "faces.png"))


if __name__ == "__main__":
    faces_with_probabilities()
