"""Questions of notebook 05: precision, thresholds, the sealed test, small numbers."""

from maskkit.quizzes.question import Choice, Question

QUESTIONS = (
    Question("precision",
             "Of 50 bare faces a model calls 10 masked; of 50 masked faces it finds 45. What is its precision for `with_mask`?", (
        Choice("0.90",
               "That is the recall: of the faces that *are* masked, the share that was found. Precision asks about the faces that are "
               "*called* masked."),
        Choice("0.85", "That is the accuracy: all right answers, 85 of 100."),
        Choice("0.82", "It calls 45 + 10 faces masked, and 45 of these 55 are.", right=True),
        Choice("0.80", "That is the share of the bare faces that were left in peace. It has no masked face in it."),
    )),
    Question("threshold", "You raise the threshold from 0.5 to 0.8 and change nothing else. What can *not* happen?", (
        Choice("Recall rises.",
               "A higher threshold calls fewer faces masked, so no further mask can be found. Recall falls or stays.", right=True),
        Choice("Precision rises.", "It often does: those that are still called masked are the surer ones."),
        Choice("Precision falls.",
               "It can, if the faces with the highest scores happen to be mistakes. It is rare, but nothing forbids it."),
        Choice("Accuracy stays the same.", "It can: as many mistakes may be mended as are made."),
    )),
    Question("sealed",
             "You train with ten settings, measure all ten on the test split, and report the best of the ten numbers. What is it "
             "worth?", (
        Choice("It is honest: none of the ten was trained on the test split.",
               "Choosing is learning too. The best of ten is partly the luckiest of ten, and luck does not come along to new pictures."),
        Choice("It is too low, because ten settings are too few.",
               "More settings make it worse: the more numbers you choose from, the more luck is in the largest."),
        Choice("It is honest if the test split is large.",
               "With a large split there is less luck to pick, so it helps. But the number is still chosen to be high; keep one split "
               "out of all choices."),
        Choice("It promises more than new pictures will keep.",
               "The test split has helped to choose. Choose on the validation split, and measure the chosen one once.", right=True),
    )),
    Question("twenty",
             "A model is right on all of 20 new pictures. Which accuracies could it well have on endless pictures? (95 % Wilson "
             "interval)", (
        Choice("only 100 %",
               "A model that errs once in twenty would manage 20 of 20 in every third test. So few pictures cannot tell the two apart."),
        Choice("95 % to 100 %", "The 95 % is how often such intervals hold the truth. It says nothing about where the interval begins."),
        Choice("84 % to 100 %",
               "The interval is wide because 20 pictures are few: a somewhat worse model can also be lucky 20 times.", right=True),
        Choice("It cannot be said at all.",
               "Not exactly, but something can: a model that is right half of the time would never get there."),
    )),
    Question("slice", "All pictures: 90 % right. Of the six pictures with a helmet, three are right. What follows?", (
        Choice("The model is worse on helmets.",
               "Perhaps. But among many small slices some look bad by luck alone, as the slices of the die did."),
        Choice("A guess that is worth testing, on more pictures with helmets.",
               "A slice makes a hypothesis. With drawn faces you can draw a hundred of them and find out.", right=True),
        Choice("Nothing: six pictures can be ignored.",
               "They prove nothing, and they are the hint that you have. Somebody may wear a helmet every day."),
        Choice("Helmets should be taken out of the test.",
               "Then the number would look better and the model would be the same. What is hard belongs in the test."),
    )),
)
