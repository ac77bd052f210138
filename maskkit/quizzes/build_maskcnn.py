"""Questions of notebook 03: shapes, parameters, logits."""

from maskkit.quizzes.question import Choice, Question

QUESTIONS = (
    Question("shape", "Pictures of 3 × 64 × 64 go through `nn.Conv2d(3, 16, kernel_size=5)`. Which shape comes out, for each picture?", (
        Choice("16 × 64 × 64", "The size stays only with padding, and `nn.Conv2d` adds none unless it is told to."),
        Choice("16 × 62 × 62",
               "That is right for a kernel of 3, which loses one pixel on each side. A kernel of 5 loses two on each side."),
        Choice("16 × 60 × 60",
               "A window of 5 fits into 64 pixels at 64 − 5 + 1 places, and each of the 16 kernels makes one map.", right=True),
        Choice("3 × 60 × 60",
               "The size is right. But each kernel sees all 3 channels and gives *one* map, so there are as many maps as kernels."),
    )),
    Question("parameters", "How many parameters has `nn.Conv2d(3, 16, kernel_size=5)`?", (
        Choice("1,216", "Each of the 16 kernels has 3 × 5 × 5 weights and one bias: 16 × 76.", right=True),
        Choice("1,200", "These are the weights. Each of the 16 kernels has a bias as well."),
        Choice("416", "That is 16 × (5 × 5 + 1): kernels that see a single channel. Each kernel spans all three."),
        Choice("It depends on the size of the picture.",
               "The same kernel is used at all places, so a larger picture costs time but no parameters. In the fully connected layer "
               "behind it that is different."),
    )),
    Question("where", "Where do nearly all parameters of MaskCNN sit?", (
        Choice("In the first convolution, which sees the picture.",
               "It has the most pixels to go over and the fewest parameters: 32 small kernels, used everywhere."),
        Choice("In the second convolution, which has the most kernels.",
               "64 kernels of 32 × 3 × 3 are some eighteen thousand, not even half a percent."),
        Choice("In the first fully connected layer.",
               "It connects each of 65,536 features with each of 128 outputs, and no weight is used twice.", right=True),
        Choice("In the max pools.", "A pool has nothing to learn: the largest number of a window is the largest, whatever was learned."),
    )),
    Question("logit", "The network gives a face the logit 0. Which probability of a mask is that?", (
        Choice("0 %",
               "You read the logit as a probability. A logit can be any number, also a negative one; the sigmoid makes a probability "
               "of it."),
        Choice("50 %", "The sigmoid of 0 is one half: above 0 the network leans towards the mask, below 0 away from it.", right=True),
        Choice("100 %", "That would take a very large logit: it gets near 100 % and never quite there."),
        Choice("It cannot be said without the other class's logit.",
               "With one logit for each class it would be so: there the two are compared. MaskCNN has one output, and the probability of "
               "no mask is what is left to 100 %."),
    )),
)
