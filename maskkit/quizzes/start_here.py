"""Questions of notebook 00: cells and their memory, pictures as numbers, what a probability says."""

from maskkit.quizzes.question import Choice, Question

QUESTIONS = (
    Question("cells", "`count` is 1. You run the cell `count = count + 1` three times. What is `count` now?", (
        Choice("2",
               "That would be so if the cell were a formula that always starts from 1. Each run starts from what the memory holds at "
               "that moment."),
        Choice("3",
               "You have counted the runs. The first run makes 2 out of the 1 that was there before, so three runs lead to one more "
               "than three."),
        Choice("4", "Each run adds one to what the memory holds: 2, then 3, then 4.", right=True),
        Choice("1", "The line above the cell does not run again by itself: only the cell that you run changes the memory."),
    )),
    Question("numbers", "A colour picture is 64 pixels high and 64 pixels wide. How many numbers does the network get?", (
        Choice("4,096", "That is one number for each pixel, as in a grey picture. A pixel in colour has three: red, green and blue."),
        Choice("12,288", "64 × 64 pixels, with three numbers each.", right=True),
        Choice("192", "That is 64 × 3, a single row of pixels. The picture has 64 such rows."),
        Choice("16,777,216",
               "That is how many different colours one pixel can have (256 × 256 × 256), not how many numbers describe the picture."),
    )),
    Question("unsure", "The network says about one face: mask, 51 %. What does that tell you?", (
        Choice("It is right in 51 % of all cases.",
               "That would be its accuracy, which nobody can read off one face: it has to be counted over many faces with known "
               "answers."),
        Choice("A mask covers about half of the face.",
               "The number is not about an area. A small mask far away can get 95 %, and a large one 30 %."),
        Choice("There is a mask, since more than half is certain.",
               "It decides for the mask, but it nearly decided against it. Of faces with such a number, expect many to be wrong."),
        Choice("It decides for a mask, and could almost as well have decided against it.",
               "Near 50 % the network hardly prefers either answer. Whether such numbers can be taken at their word is a "
               "question for notebook 05.", right=True),
    )),
    Question("restart",
             "After lunch you restart the kernel, and a cell in the middle says `NameError: name 'faces' is not defined`. What has "
             "happened?", (
        Choice("The memory is empty after a restart, and the cell that makes `faces` has not run yet.",
               "A restart forgets all variables. Run all cells from the top, and the name is there again.", right=True),
        Choice("The notebook file is damaged.",
               "The text of the cells is all there. What is missing is in the memory, and that comes back when you run the cells."),
        Choice("`faces` was still shown above, so Jupyter has a bug.",
               "The outputs on the page are saved with the file, like a photo of an earlier run. The variables behind them are not."),
    )),
)
