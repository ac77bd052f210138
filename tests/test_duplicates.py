import io

import numpy as np
from PIL import Image

from maskkit.duplicates import group_duplicates, near_duplicate_pairs, perceptual_hashes
from tests.conftest import noise


def brute_force(hashes, max_distance):
    distance = np.bitwise_count(hashes[:, None] ^ hashes[None])
    return np.argwhere(np.triu(distance <= max_distance, k=1))


def test_pairs_equal_those_of_comparing_all_with_all():
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**64, 300, dtype=np.uint64)
    for index in range(100):  # relatives of others, at every distance from 0 to 9 bits
        flips = rng.choice(64, size=index % 10, replace=False)
        hashes[200 + index] = hashes[index] ^ np.bitwise_or.reduce(np.uint64(1) << flips.astype(np.uint64), initial=np.uint64(0))
    for max_distance in (0, 3, 6):
        assert near_duplicate_pairs(hashes, max_distance).tolist() == brute_force(hashes, max_distance).tolist()


def test_no_hashes_no_pairs():
    assert near_duplicate_pairs(np.array([], dtype=np.uint64)).shape == (0, 2)


def test_saving_again_and_resizing_keep_a_picture_in_its_group():
    originals = [noise(seed, 64) for seed in range(20)]
    copies = []
    for picture in originals:
        memory = io.BytesIO()
        Image.fromarray(picture).save(memory, format="JPEG", quality=60)
        copies.append(np.asarray(Image.open(memory).resize((48, 48)).resize((64, 64))))
    groups = group_duplicates(np.stack(originals + copies))
    assert groups[:20].tolist() == groups[20:].tolist()
    assert len(set(groups[:20])) == 20


def test_a_chain_of_pairs_is_one_group():
    hashes = np.array([0, 0b111111, 0b111111111111], dtype=np.uint64)
    assert near_duplicate_pairs(hashes).tolist() == [[0, 1], [1, 2]]


def test_hash_ignores_brightness():
    picture = noise(3, 64)
    first, second = perceptual_hashes(np.stack([picture, (picture * 0.8).astype(np.uint8)]))
    assert np.bitwise_count(first ^ second) <= 2
