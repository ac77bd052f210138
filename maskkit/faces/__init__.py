"""Drawn faces with and without a mask, with every attribute known.

A head is one shaded surface (`surface`), painted (`head`), masked (`masks`), combed and covered (`hair`), set before a
background (`scene`), given something to hold or wear (`props`), then photographed (`camera`). Sets of faces (`folder`) can have
flaws planted on purpose (`flaws`), or hold each face twice, bare and masked (`twins`).
"""

from maskkit.faces.attributes import ATTRIBUTE_NAMES, CHOICES, FaceAttributes, sample_attributes
from maskkit.faces.drawing import draw_face
from maskkit.faces.flaws import SHORTCUTS, add_copies
from maskkit.faces.folder import generate_faces, recipe_hash, write_faces
from maskkit.faces.twins import Twins, generate_twins

__all__ = ["ATTRIBUTE_NAMES", "CHOICES", "SHORTCUTS", "FaceAttributes", "Twins", "add_copies", "draw_face", "generate_faces",
           "generate_twins", "recipe_hash", "sample_attributes", "write_faces"]
