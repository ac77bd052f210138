"""Find pictures that are the same picture: a search for near-duplicates, and perceptual hashes to teach the idea."""

from maskkit.duplicates.hashes import near_duplicate_pairs, perceptual_hashes
from maskkit.duplicates.matching import Duplicate, find_duplicates, group_duplicates, join_groups
from maskkit.duplicates.signatures import thumbnails

__all__ = ["Duplicate", "find_duplicates", "group_duplicates", "join_groups", "near_duplicate_pairs", "perceptual_hashes", "thumbnails"]
