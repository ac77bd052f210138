"""Explorers for notebooks: labelled controls that move a real picture, each with a line of text that says the same.

They need ipywidgets (``pip install "maskkit[lab]"``) and use only what its versions 7.7 and 8 share.
"""

from maskkit.widgets.architecture import explore_architecture
from maskkit.widgets.augmentation import explore_augmentation
from maskkit.widgets.convolution import explore_convolution
from maskkit.widgets.faces import explore_faces
from maskkit.widgets.gallery import explore_mistakes
from maskkit.widgets.threshold import explore_threshold
from maskkit.widgets.training import explore_training

__all__ = ["explore_architecture", "explore_augmentation", "explore_convolution", "explore_faces", "explore_mistakes",
           "explore_threshold", "explore_training"]
