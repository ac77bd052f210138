"""Questions of notebook 06: the range test, steps and batch sizes, the winner's luck, several workers."""

from maskkit.quizzes.question import Choice, Question

QUESTIONS = (
    Question("range_test", "In a range test the smoothed loss is lowest at a learning rate of 0.05, and breaks loose behind it. "
             "With which constant rate do you begin?", (
        Choice("0.5", "There the loss has broken loose already: the steps jump across the valley."),
        Choice("0.05, where the loss was lowest",
               "It was lowest because everything up to there had helped. At that rate itself the steps are about to become too long. "
               "(A schedule that comes down may stand it.)"),
        Choice("about 0.005",
               "A tenth of the rate of the lowest point: a careful beginning, at a safe distance from the edge. A search finds out whether "
               "more is better.", right=True),
        Choice("0.00005, to be on the safe side", "So far to the left the curve is flat. It is safe, and you will wait for ever."),
    )),
    Question("steps", "1,000 pictures, batches of 64, three epochs. You change to batches of 256 and leave all else. How many steps does the network take now?", (
        Choice("12 in place of 48", "Four batches an epoch, the last one smaller, in place of 16. Do not wonder if it learns less.", right=True),
        Choice("as many as before, 48", "Each step takes more pictures, so that fewer steps fit into an epoch."),
        Choice("192 in place of 48", "It is the other way round: larger batches are fewer."),
        Choice("9 in place of 45, since incomplete batches are left out", "The last, smaller batch of each epoch is a step like the others."),
    )),
    Question("log_scale", "You search a learning rate between 0.0001 and 0.1. How do you draw it?", (
        Choice("`rng.uniform(0.0001, 0.1)`", "Then 99 of 100 draws lie above 0.001, and the whole left side of the range goes nearly untried."),
        Choice("`rng.choice([0.0001, 0.001, 0.01, 0.1])`", "That is a grid: however many trainings you pay for, you will only ever try four rates."),
        Choice("`pow(10, rng.uniform(-4, -1))`", "The exponent is drawn evenly, so that each power of ten gets a third of the trials.", right=True),
        Choice("`rng.normal(0.001, 0.03)`", "Half of these draws are negative. With a negative rate the network would climb, so PyTorch takes none."),
    )),
    Question("luck", "Fifty settings were tried on 60 validation photos. The best is right on 58 of them. What do you expect of it on new photos?", (
        Choice("about 97 %, that is what was measured",
               "It was chosen *because* it was so good on these 60. Part of that is luck, and luck does not travel."),
        Choice("somewhat less: the best of fifty had luck as well as skill",
               "The more settings and the fewer photos, the larger the share of luck. Only photos that decided nothing can tell.", right=True),
        Choice("more than that, since the settings were optimised", "Optimised for these 60 photos. No other photo was asked."),
        Choice("nothing can be said: validation scores are worthless",
               "They put settings into order quite well. They are just not the number to report for the winner."),
    )),
)
