"""Questions of notebook 01: labels, baselines, copies across splits, shortcuts."""

from maskkit.quizzes.question import Choice, Question

QUESTIONS = (
    Question("label",
             "Your folders are called `with_mask` and `without_mask`. A library numbers them in alphabetical order. Which number does "
             "`with_mask` get, and is that MaskKit's?", (
        Choice("0, and in MaskKit it is 1.",
               "The underscore comes before the letter o, so the alphabet puts `with_mask` first. MaskKit writes the label "
               "down in the code, so that nothing can turn it round.", right=True),
        Choice("1, the same as in MaskKit.",
               "It feels natural that the class we look for is 1, but the alphabet knows nothing of that: `with_` comes before `witho`."),
        Choice("It makes no difference, as long as the two numbers differ.",
               "It does as soon as anybody compares: with labels turned round, a model that is right in 90 % of the cases seems right "
               "in 10 %."),
    )),
    Question("baseline", "A folder holds 80 pictures with a mask and 20 without. How often is a program right that always says “mask”?", (
        Choice("50 %, as by guessing between two classes",
               "Two classes make a coin right in half of the cases. This program tosses no coin: it is right about every masked face."),
        Choice("20 %", "That is the share of the faces *without* a mask, which are the ones that it gets wrong."),
        Choice("80 %", "It is right about all 80 masked faces. Every accuracy on this folder has to be compared with that.", right=True),
        Choice("0 %, since it never looks at the picture",
               "Being right needs no looking when most answers are the same. That is why an accuracy alone says so little."),
    )),
    Question("copies", "Some photos of the test part are near-copies of training photos. What does that do to the test accuracy?", (
        Choice("It looks better than it will be on new photos.",
               "A network can remember what it was trained with, and part of the test now asks for memory.", right=True),
        Choice("Nothing: the network was never trained with the test files themselves.",
               "It was trained with the same faces in the same light. To a network, a copy that was saved again is the same picture."),
        Choice("It looks worse, because the copies are confusing.",
               "Copies with the same label confuse nobody: they are the easiest questions of the whole test."),
        Choice("Nothing, if the copies have other file names.",
               "The network never sees a file name, only the pixels, and those are the same."),
    )),
    Question("shortcut", "In a folder every masked photo is a PNG and every other one a JPEG. What can a network learn from that?", (
        Choice("Nothing: it sees pixels and not file names.",
               "True, but JPEG writes itself into the pixels: blocks of 8 × 8 and soft edges. That is enough to tell the two apart."),
        Choice("To tell the classes apart by the traces of JPEG: right in this folder, and useless anywhere else.",
               "That is a shortcut. The test part of the same folder has it too, so the test will praise it.", right=True),
        Choice("To read PNG files better.",
               "Reading files is done before the network comes in. It gets the same kind of numbers from both formats."),
        Choice("It will notice the mistake, given enough epochs.",
               "A shortcut makes the loss fall, and that is all that training looks at. More epochs make the shortcut stronger."),
    )),
)
