"""Every limit that the audit judges by, each with its reason.

The shares in brackets are of 1,000 drawn faces with variety 0.3, 1,000 with variety 1, and the 4,094 public photos: what the
limit reports on pictures that nobody spoiled. Luminance runs from 0 (black) to 255 (white), as Pillow's "L".
"""

# Light, detail and border are measured on a copy whose shorter side has this many pixels: half of what a network usually sees, so
# that files of every resolution are judged alike, and what looks blurred here is blurred in training too.
MEASURED_SIDE = 64

# Enlarged from 48 to the usual 128 pixels a side, six of seven pixels are made up. (0 %, 0 %, 1.2 %)
SMALL_SIDE = 48
# 12 megapixels take 36 MB once decoded and a tenth of a second to open; a side ten times the folder's median comes from another
# source than the rest. (0 %, 0 %, 1.1 %)
LARGE_PIXELS = 12_000_000
LARGE_TIMES_MEDIAN = 10
# Squashed into a square, a picture beyond 2:1 shows faces at half their width. (0 %, 0 %, 0.4 %)
LONG_ASPECT = 2.0

# A picture is empty if its luminance hardly varies: the plainest untouched picture has a standard deviation of 10. (0 %, 0 %, 0 %)
EMPTY_STD = 2.5
# Dark: 95 % of the pixels are below this. (0.2 %, 0.2 %, 0.02 %)
DARK_P95 = 70.0
# Bright: 95 % of the pixels are above this, or the whole averages nearly white; a person before a white wall is neither. (0 %, 0 %, 0.1 %)
BRIGHT_P5 = 170.0
BRIGHT_MEAN = 235.0
# Washed out: nine in ten pixels lie in a band of luminance this narrow. (0 %, 0.2 %, 0 %)
FLAT_RANGE = 40.0
# Sharpness is the strength of the finest detail relative to that of detail four times as coarse, which changes neither with contrast
# nor with resolution. A Gaussian blur of 2 % of the side brings it below this in 99 of 100 pictures, of 3 % in all. (0 %, 0.8 %, 0.5 %)
BLURRED_SHARPNESS = 0.18
# A JPEG whose data stop early is filled up with one flat colour. Plain black and white are left out: they are letterboxes and studio
# backgrounds.
FLAT_BOTTOM_SHARE = 0.1

# An area under the ROC curve (AUC) of 0.5 is guessing. Honest differences reach about 0.6 (a mask changes the mean colour a little),
# so a family is called a shortcut from 0.65 on, and a serious one where three in ten wrong pairs are left or fewer.
SHORTCUT_AUC = 0.65
SERIOUS_AUC = 0.8
# A kind of file of which (nearly) all are of one class is a shortcut for those photos even if they are few: at least 2 % of all.
GIVEN_AWAY_PURITY = 0.97
GIVEN_AWAY_SHARE = 0.02
# The AUC must also beat that of every one of this many shuffles of the labels: by chance once in 1,000 times.
SHUFFLES = 999
# The labels are shuffled after training, which is quick and a little too lenient on small folders: with 100 photos whose labels mean nothing,
# AUCs scatter by 0.087 and their shuffles by 0.058 (with 300: 0.040 and 0.033). So an AUC must lie this many times as far from 0.5 as the luckiest shuffle.
CHANCE_MARGIN = 1.5
FOLDS = 5
# Below this many photos (or groups of copies) in a class, chance alone reaches 0.65 too often for an answer.
FEWEST_OF_A_CLASS = 20
# A shortcut shows in a few thousand photos; more are sampled, so that this part takes seconds for any folder.
MOST_PHOTOS_FOR_SHORTCUTS = 6_000

# With one class four times the other, always answering the larger one is right for 80 %.
UNEVEN_CLASSES = 4.0
