"""Questions of notebook 07: small kernels, evaluation mode, shortcuts, frozen features, a teacher."""

from maskkit.quizzes.question import Choice, Question

QUESTIONS = (
    Question("two_small", "Why two convolutions of 3 × 3 in place of one of 5 × 5?", (
        Choice("They see as far, with fewer weights and a ReLU in between.", "18 weights for each pair of channels in place of 25, and one more bend.", right=True),
        Choice("They see twice as far.", "Each further convolution of 3 × 3 adds one pixel on every side: two of them see 5 × 5, exactly like the large one."),
        Choice("A kernel of 5 × 5 would need a larger picture.", "It takes any picture, and with a padding of 2 it keeps the size."),
        Choice("Small kernels cannot overfit.", "Any network with enough parameters can. There are merely fewer of them here."),
    )),
    Question("eval_mode", "Your network has batch normalisation. You forget `model.eval()` before you test it, one photo after the other. What happens?", (
        Choice("Nothing: without an optimiser step no weight changes.",
               "The weights stay, but the normalisation takes its mean and variance from the batch that is passing through, here from one single photo."),
        Choice("PyTorch raises an error.", "It cannot know that you are testing. (Only where a channel has a single number left does it refuse.)"),
        Choice("Each photo is normalised by itself, and the answers are not those that you trained for.",
               "And the running averages go on changing, too. `model.eval()` uses those averages, and leaves them alone.", right=True),
        Choice("It is slower, but the answers are the same.", "The speed hardly changes. The answers do."),
    )),
    Question("do_nothing", "All weights of the convolutions in a residual block are zero (and nothing is normalised). What does the block do with an input from a ReLU?", (
        Choice("It gives out zeros.", "A plain block would. Here the input is added to the zeros."),
        Choice("It gives the input out as it is.", "The change is zero, the shortcut adds the input, and the ReLU leaves it alone. Doing nothing is where it begins.", right=True),
        Choice("It doubles the input.", "There is one way around, not two: change and input are added once."),
        Choice("It cannot pass on a gradient.", "The gradient takes the shortcut, whatever the convolutions do."),
    )),
    Question("frozen", "You have a network that was trained on drawn faces, and 50 labelled photos. What is the most sensible first try?", (
        Choice("Train a fresh network: drawn faces are no photos.", "True, but edges, cloth and mouths are in both. A fresh network has to find them in 50 photos."),
        Choice("Fine-tune with the learning rate of a fresh start.", "The first long steps destroy what the network brought along; after them you have a fresh one."),
        Choice("Use it as it is.", "It knows masks, but not your camera. Fifty photos are enough to tell it."),
        Choice("Fine-tune in small steps, and compare with frozen features.",
               "Both keep what was learned. Which is better depends on how far the photos are from the drawn faces, so try both on validation.", right=True),
    )),
    Question("teacher", "A masked face, half of it erased. The label is 1, and the teacher says 0.6. What is the small network told by 0.6 that 1 does not tell?", (
        Choice("That this picture is doubtful.", "The label says the same of every masked face. With a target of 0.6 the loss is lowest where the network is as unsure as the teacher.", right=True),
        Choice("That the label is wrong.", "The face wears a mask, and the label says so. But what is left of it in this picture leaves a doubt."),
        Choice("Nothing: whatever is above one half counts as a mask.", "When you decide, it does. The loss looks at the whole number, and pulls the answer to 0.6, not beyond."),
        Choice("To learn this picture in smaller steps.", "The size of a step is the learning rate's business. The target says where to, not how fast."),
    )),
)
