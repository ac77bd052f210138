"""Questions of notebook 02: when a label stays true, how many pictures there are, and what must not be changed."""

from maskkit.quizzes.question import Choice, Question

QUESTIONS = (
    Question("label_true", "After which of these changes may the label no longer be true?", (
        Choice("mirroring left and right",
               "Left and right differ in the picture, but whether there is a mask does not: a mirrored mask is a mask."),
        Choice("covering mouth and chin with a grey square",
               "Now nobody can see whether there is a mask, and the label claims what the picture does not show.", right=True),
        Choice("turning by ten degrees", "People lean their heads. Somebody who leans to the side wears the same mask."),
        Choice("making it a little darker",
               "The numbers change, and what can be seen stays. Only when hardly anything can be seen does the label become a guess."),
    )),
    Question("how_many",
             "There are 600 training pictures. Each is mirrored with probability one half, anew in every epoch. How many pictures "
             "does the network see in one epoch?", (
        Choice("1,200",
               "You picture the mirrored ones as copies that are added to the folder. They are not: a picture is shown *either* as it "
               "is *or* mirrored."),
        Choice("900",
               "That would be the originals and the mirrored half of them. But a mirrored picture is shown in place of its original, "
               "not beside it."),
        Choice("600",
               "Augmentation changes the pictures on their way to the network. Their number stays; what differs from epoch "
               "to epoch is how they look.", right=True),
        Choice("300", "Those that are not mirrored are shown too."),
    )),
    Question("clipping", "A pixel has the value 0.8 (floats from 0 to 1). What is it after `adjust_brightness(images, 1.5)`?", (
        Choice("1.2", "That is the product. A pixel cannot be brighter than white, so all that would go beyond 1 is cut off."),
        Choice("1.0", "0.8 × 1.5 would be more than white and is cut off at 1. What is cut off cannot be brought back.", right=True),
        Choice("0.53", "You have divided. A factor above 1 makes the picture brighter."),
        Choice("0.9", "That is half of the way to white. Brightness multiplies, and cuts off."),
    )),
    Question("validation", "Which augmentation belongs on the validation pictures?", (
        Choice("The same as in training, or the comparison is not fair.",
               "It is meant fairly, but then chance is in the ruler: the same model gets another score each time, and users do not "
               "send augmented photos."),
        Choice("A weaker one.", "A little chance in the ruler is still chance. The validation pictures are there to measure."),
        Choice("None.", "Measure with pictures as they are: the same ones each time, and like those that your users have.", right=True),
    )),
)
