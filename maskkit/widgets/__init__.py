"""Explorers for notebooks: labelled controls that move a real picture, each with a line of text that says the same.

They need ipywidgets (``pip install "maskkit[lab]"``) and use only what its versions 7.7 and 8 share.
"""

from maskkit.widgets.augmentation import explore_augmentation

__all__ = ["explore_augmentation"]
