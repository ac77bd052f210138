import numpy as np
import pytest

from maskkit.errors import InputError
from maskkit.splits import assign_splits, straddling_groups


def shares(split, chosen):
    return [np.mean(split[chosen] == name) for name in ("train", "val", "test")]


def test_fractions_hold_in_each_class():
    targets = np.repeat([0, 1], [600, 400])
    split = assign_splits(targets, fractions=(0.7, 0.15, 0.15))
    for target in (0, 1):
        assert np.allclose(shares(split, targets == target), (0.7, 0.15, 0.15), atol=0.005)


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_together_and_fractions_still_hold(seed):
    rng = np.random.default_rng(seed)
    targets, groups = rng.integers(0, 2, 1000), rng.integers(0, 400, 1000)
    split = assign_splits(targets, groups, seed=seed)
    assert all(len(set(split[groups == group])) == 1 for group in np.unique(groups))
    assert len(straddling_groups(groups, split)) == 0
    assert np.allclose(shares(split, targets >= 0), (0.7, 0.15, 0.15), atol=0.02)


def test_seed_decides():
    targets = np.arange(100) % 2
    first, again, other = (assign_splits(targets, seed=seed) for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()


def test_every_class_in_every_split_even_if_tiny():
    split = assign_splits(np.array([0, 0, 0, 1, 1, 1]))
    assert sorted(split[:3]) == sorted(split[3:]) == ["test", "train", "val"]


def test_too_few_different_photos_is_a_clear_answer():
    with pytest.raises(InputError, match="2 different photos of with_mask cannot fill 3 splits"):
        assign_splits(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 3, 3, 4]))


def test_a_fraction_of_zero_leaves_the_split_empty():
    split = assign_splits(np.arange(40) % 2, fractions=(0.8, 0.2, 0))
    assert set(split) == {"train", "val"}


@pytest.mark.parametrize("fractions", [(0.5, 0.5), (0.7, 0.7, -0.4), (0.5, 0.2, 0.2), (0, 0.5, 0.5)])
def test_impossible_fractions(fractions):
    with pytest.raises(InputError, match="three shares"):
        assign_splits(np.arange(40) % 2, fractions=fractions)


def test_straddling_groups_are_named():
    groups = np.array([5, 5, 7, 7, 9])
    assert straddling_groups(groups, np.array(["train", "test", "val", "val", "test"])).tolist() == [5]
