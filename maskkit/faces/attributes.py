"""What is known about a drawn face: its attributes, their allowed values, and how often each is drawn.

Every attribute takes one uniform number of its own, so fixing one of them never moves another; and none but the
mask's own looks at `with_mask`, so the classes differ by the mask alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np

from maskkit.errors import InputError

# How often each value is drawn. The order of the names is the order of the inverse distribution function.
CHOICES = {
    "framing": {"tight": 56, "portrait": 26, "shoulders": 11, "figure": 7},
    "hair_style": {"bald": 4, "buzz": 8, "short": 19, "side_part": 12, "fringe": 15, "curly": 7, "afro": 4, "bob": 8,
                   "long": 13, "ponytail": 5, "bun": 5},
    "hair_color": {"black": 38, "dark_brown": 22, "brown": 12, "auburn": 6, "blond": 8, "grey": 6, "white": 4, "dyed": 4},
    "eye_color": {"dark": 40, "brown": 30, "hazel": 8, "green": 6, "blue": 10, "grey": 6},
    "glasses": {"none": 76, "clear": 15, "sunglasses": 9},
    "beard": {"none": 60, "stubble": 16, "moustache": 9, "goatee": 7, "full": 8},
    "head_cover": {"none": 70, "cap": 9, "beanie": 6, "headscarf": 5, "hat": 4, "helmet": 3, "hood": 3},
    "expression": {"neutral": 40, "smile": 20, "teeth": 22, "open": 10, "frown": 8},
    "occluder": {"none": 82, "hand": 6, "cup": 3, "scarf": 3, "microphone": 2, "mask_under_chin": 4},
    "mask_type": {"surgical": 34, "fitted": 26, "cloth": 20, "folded": 10, "cup": 10, "bandana": 5},
    "mask_color": {"white": 15, "light_blue": 14, "black": 18, "grey": 8, "navy": 6, "green": 6, "pink": 7, "red": 7,
                   "yellow": 6, "orange": 3, "purple": 4, "beige": 3, "brown": 2, "skin": 2},
    "mask_pattern": {"plain": 62, "stripes": 6, "dots": 6, "checks": 5, "floral": 10, "camouflage": 4, "print": 7},
    "mask_fit": {"covers": 88, "slipped": 12},
    "clothing": {"t_shirt": 28, "shirt": 22, "suit": 14, "hoodie": 12, "turtleneck": 10, "bare_neck": 14},
    "background": {"plain": 26, "gradient": 20, "blurred": 30, "busy": 24},
    "color_cast": {"none": 62, "warm": 15, "cool": 11, "green": 5, "magenta": 7},
    "border": {"none": 90, "strip": 5, "corners": 5},
}

# Inverse distribution functions: at these probabilities, these values; straight lines in between.
QUANTILES = {
    "yaw": ((0, 0.03, 0.10, 0.28, 0.72, 0.90, 0.97, 1), (-88, -62, -35, -13, 13, 35, 62, 88)),
    "pitch": ((0, 0.08, 0.30, 0.70, 0.92, 1), (-28, -14, -5, 5, 14, 28)),
    "roll": ((0, 0.08, 0.30, 0.70, 0.92, 1), (-32, -12, -4, 4, 12, 32)),
    "light_direction": ((0, 0.2, 0.8, 1), (-85, -38, 38, 85)),
    "brightness": ((0, 0.08, 0.30, 0.70, 0.92, 1), (0.6, 0.88, 1.04, 1.22, 1.42, 1.65)),
    "contrast": ((0, 0.1, 0.3, 0.7, 0.9, 1), (0.58, 0.82, 0.94, 1.1, 1.25, 1.5)),
    "saturation": ((0, 0.1, 0.3, 0.7, 0.9, 1), (0.45, 0.8, 0.95, 1.2, 1.4, 1.65)),
    "blur": ((0, 0.6, 0.9, 1), (0, 0, 0.8, 1.6)),
    "sharpening": ((0, 0.45, 0.85, 1), (0, 0, 0.9, 2.2)),
    "noise": ((0, 0.6, 0.92, 1), (0, 1.5, 5, 14)),
    "resolution": ((0, 0.06, 0.3, 0.45, 1), (0.3, 0.48, 0.75, 1, 1)),
    "stretch": ((0, 0.1, 0.35, 0.65, 0.9, 1), (0.77, 0.9, 1.0, 1.08, 1.2, 1.4)),
}
RANGES = {name: (values[0], values[-1]) for name, (_, values) in QUANTILES.items()} | {
    "yaw": (-90, 90), "pitch": (-45, 45), "roll": (-180, 180), "brightness": (0.2, 2), "contrast": (0.2, 2), "saturation": (0, 3),
    "blur": (0, 6), "sharpening": (0, 5), "noise": (0, 60), "resolution": (0.1, 1), "stretch": (0.5, 2), "light_direction": (-90, 90)}
WHOLE = {"skin_tone": (1, 10), "people": (1, 3), "jpeg_quality": (10, 100)}
FLAGS = {"with_mask": 0.5, "greyscale": 0.07}

# Head height as a fraction of the picture's height.
FACE_SIZES = {"tight": (0.95, 1.7), "portrait": (0.62, 0.95), "shoulders": (0.36, 0.62), "figure": (0.17, 0.36)}


@dataclass(frozen=True)
class FaceAttributes:
    """Everything that is known about one drawn face; the defaults describe a plain portrait.

    The four `mask_*` attributes describe the mask that the face wears, or would wear if `with_mask` were true
    (so that a face and its counterfactual share them). Angles are degrees (yaw > 0: turned to the picture's right,
    pitch > 0: looking up, roll > 0: leaning to the right), `face_size` is the head's height over the picture's,
    `blur` a standard deviation in pixels of a 128-pixel picture, `sharpening` how often detail is added again, `noise` one in grey levels of 255, `resolution`
    the fraction of the pixels a side that the camera had, `saturation` 0 for grey and 1 for colours as they are, `stretch` width over height.
    `mask_color` is a name or "#rrggbb". `people` counts the person and companions behind, who all wear masks or none do.

    Raises
    ------
    InputError
        For a value that is not allowed.
    """

    with_mask: bool = False
    skin_tone: int = 5
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    framing: str = "portrait"
    face_size: float | None = None
    hair_style: str = "short"
    hair_color: str = "dark_brown"
    eye_color: str = "brown"
    glasses: str = "none"
    beard: str = "none"
    head_cover: str = "none"
    expression: str = "neutral"
    occluder: str = "none"
    mask_type: str = "surgical"
    mask_color: str = "light_blue"
    mask_pattern: str = "plain"
    mask_fit: str = "covers"
    clothing: str = "t_shirt"
    people: int = 1
    background: str = "plain"
    light_direction: float = 30.0
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    blur: float = 0.0
    sharpening: float = 0.0
    noise: float = 0.0
    resolution: float = 1.0
    jpeg_quality: int = 100
    color_cast: str = "none"
    greyscale: bool = False
    stretch: float = 1.0
    border: str = "none"

    def __post_init__(self) -> None:
        for name in ATTRIBUTE_NAMES:
            if name != "face_size":
                _check(name, getattr(self, name))
        low, high = FACE_SIZES[self.framing]
        if self.face_size is None:
            object.__setattr__(self, "face_size", (low + high) / 2)
        _check_number("face_size", self.face_size, low, high, f" for framing {self.framing!r}")
        if self.with_mask and self.occluder == "mask_under_chin":
            raise InputError("occluder 'mask_under_chin' describes a face without a mask; set with_mask=False or "
                             "choose another occluder.")


ATTRIBUTE_NAMES = tuple(field.name for field in fields(FaceAttributes))


def sample_attributes(rng: np.random.Generator, *, with_mask: bool | None = None, **fixed) -> FaceAttributes:
    """Draw the attributes of one face.

    Parameters
    ----------
    rng : np.random.Generator
        Always moved on by the same amount, whatever is fixed: the attributes that are left free keep their values.
    with_mask : bool, optional
        Left out, it is true for half of the faces.
    **fixed
        Any other attribute of `FaceAttributes`.

    Raises
    ------
    InputError
        For an unknown attribute or a value that is not allowed.
    """
    check_names(fixed)
    uniform = dict(zip(ATTRIBUTE_NAMES, rng.random(len(ATTRIBUTE_NAMES)), strict=True))
    second_occluder = rng.random()
    if with_mask is not None:
        fixed["with_mask"] = with_mask
    if "face_size" in fixed and "framing" not in fixed:
        fixed["framing"] = _framing_of(fixed["face_size"])
    drawn = {name: fixed[name] if name in fixed else _value(name, u) for name, u in uniform.items()}
    if "face_size" not in fixed:
        _check("framing", drawn["framing"])
        drawn["face_size"] = float(np.interp(uniform["face_size"], (0, 1), FACE_SIZES[drawn["framing"]]))
    if drawn["with_mask"] and drawn["occluder"] == "mask_under_chin" and "occluder" not in fixed:
        drawn["occluder"] = _choose(_without_chin_mask(), second_occluder)
    return FaceAttributes(**drawn)


# What stays as it is in a portrait studio: the camera, the light and the pose.
STEADY = {"framing": "portrait", "yaw": 0.0, "pitch": 0.0, "roll": 0.0, "brightness": 1.05, "contrast": 1.0, "saturation": 1.1,
          "blur": 0.0, "sharpening": 0.0, "noise": 0.0, "resolution": 1.0, "stretch": 1.0, "color_cast": "none", "greyscale": False, "border": "none", "people": 1}


def steady(attributes: FaceAttributes, rng: np.random.Generator, variety: float) -> FaceAttributes:
    """Take back the variety of camera, light and pose; people, masks and what hides them keep theirs.

    Parameters
    ----------
    variety : float
        1 changes nothing; at 0 every attribute of `STEADY` has the value there. In between, numbers move that far
        towards it, and the rest take it with probability 1 - variety.
    """
    if variety == 1:
        return attributes
    keep = dict(zip(STEADY, rng.random(len(STEADY)) < variety, strict=True))
    changed = {name: (1 - variety) * value + variety * getattr(attributes, name)
               for name, value in STEADY.items() if isinstance(value, float)}
    changed |= {name: value for name, value in STEADY.items() if not isinstance(value, float) and not keep[name]}
    if changed.get("framing", attributes.framing) != attributes.framing:
        changed["face_size"] = float(rng.uniform(0.7, FACE_SIZES["portrait"][1]))
    return replace(attributes, **changed)


def _value(name: str, u: float):
    """The value of an attribute at probability u."""
    if name in CHOICES:
        return _choose(CHOICES[name], u)
    if name in QUANTILES:
        return float(np.interp(u, *QUANTILES[name]))
    if name in FLAGS:
        return bool(u < FLAGS[name])
    if name == "skin_tone":
        return int(1 + 10 * u)
    if name == "people":
        return 1 if u < 0.94 else 2 if u < 0.98 else 3
    if name == "jpeg_quality":
        return int(np.interp(u, (0, 0.1, 0.5, 0.75, 1), (22, 45, 80, 95, 100)))
    return None


def _choose(weights: dict[str, float], u: float) -> str:
    names, edges = _edges(tuple(weights.items()))
    return names[bisect_right(edges, u)]


@lru_cache
def _edges(weights: tuple) -> tuple[tuple[str, ...], list[float]]:
    names, parts = zip(*weights, strict=True)
    return names, (np.cumsum(parts)[:-1] / sum(parts)).tolist()


def _without_chin_mask() -> dict[str, float]:
    return {name: weight for name, weight in CHOICES["occluder"].items() if name != "mask_under_chin"}


def _framing_of(face_size: float) -> str:
    low, high = FACE_SIZES["figure"][0], FACE_SIZES["tight"][1]
    _check_number("face_size", face_size, low, high)
    return next(name for name, (start, _) in FACE_SIZES.items() if face_size >= start)


def check_names(given: dict) -> None:
    """Raise InputError for a name that is no attribute."""
    for name in given:
        if name not in ATTRIBUTE_NAMES:
            raise InputError(f"unknown face attribute {name!r}; the attributes are {', '.join(ATTRIBUTE_NAMES)}.")


def _check(name: str, value) -> None:
    if name in CHOICES:
        _check_choice(name, value)
    elif name in RANGES:
        _check_number(name, value, *RANGES[name])
    elif name in FLAGS and not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{name} must be True or False, got {value!r}.")
    elif name in WHOLE:
        _check_whole(name, value, *WHOLE[name])


def _check_choice(name: str, value) -> None:
    if isinstance(value, str) and (value in CHOICES[name] or (name == "mask_color" and is_hex(value))):
        return
    extra = " or '#rrggbb'" if name == "mask_color" else ""
    raise InputError(f"{name} must be one of {', '.join(CHOICES[name])}{extra}, got {value!r}.")


def is_hex(color: str) -> bool:
    """Whether a colour is written as "#rrggbb"."""
    return re.fullmatch(r"#[0-9a-fA-F]{6}", color) is not None


def _check_whole(name: str, value, low: int, high: int) -> None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
        raise InputError(f"{name} must be a whole number from {low} to {high}, got {value!r}.")


def _check_number(name: str, value, low: float, high: float, where: str = "") -> None:
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, (bool, np.bool_))
    if not number or not low <= value <= high:
        raise InputError(f"{name} must be a number from {low:g} to {high:g}{where}, got {value!r}.")
