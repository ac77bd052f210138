"""Questions of notebook 04: overfitting, patience, gradients, the loss of a coin."""

from maskkit.quizzes.question import Choice, Question

QUESTIONS = (
    Question("overfitting", "Since epoch 5 the training loss goes on falling and the validation loss rises. Which weights do you keep?", (
        Choice("Those of the last epoch: the training loss is lowest there.",
               "The training loss says how well the network knows its own pictures. You want it for others, and there it has become "
               "worse."),
        Choice("Those of epoch 5.",
               "From then on the network learned what is true of its training pictures only. On new pictures it was best "
               "at epoch 5.", right=True),
        Choice("None yet: train until the validation loss falls again.",
               "It may, now and then, and that is what patience is for. But as a rule an overfitting network only gets surer of its "
               "mistakes."),
        Choice("None: the validation pictures must be broken.",
               "It would be a strange accident. Two curves that part like this are what overfitting looks like."),
    )),
    Question("patience",
             "Validation losses of seven epochs: 0.60, 0.45, 0.50, 0.44, 0.47, 0.48, 0.46. When does training with a patience of 3 "
             "stop, and what does it keep?", (
        Choice("after epoch 3, keeping epoch 2",
               "That is a patience of 1: the loss rose once. It fell again in epoch 4, which would have been missed."),
        Choice("after epoch 5, keeping epoch 2",
               "You went on counting from epoch 2. Epoch 4 brought a new lowest loss, and there the count begins anew."),
        Choice("after epoch 7, keeping epoch 7",
               "It does stop there. But the weights that are kept are those of the lowest loss, not the last ones."),
        Choice("after epoch 7, keeping epoch 4",
               "Epoch 4 is the lowest; 5, 6 and 7 are three epochs without a lower one. That 7 is better than 6 does not "
               "help it.", right=True),
    )),
    Question("zero_grad", "You forget `optimizer.zero_grad()`. What happens?", (
        Choice("PyTorch raises an error.",
               "It would be kind of it, but adding up gradients over several batches is sometimes what one wants. So it says nothing."),
        Choice("Nothing: `backward()` overwrites the old gradients.", "It *adds* to them. That is exactly why they have to be cleared."),
        Choice("Each step also follows the gradients of all the batches before.",
               "`backward()` adds to what is there, so old directions pile up, and the loss goes anywhere but steadily "
               "down.", right=True),
        Choice("The gradients stay zero, and nothing is learned.",
               "The name suggests it, but it is the other way round: without the call they are never set to zero."),
    )),
    Question("coin", "A network says 50 % about every face. What is its binary cross-entropy?", (
        Choice("0.69",
               "Minus the logarithm of one half. With a loss above it, the *probabilities* are worse than always saying 50 %, even if most "
               "answers are right.", right=True),
        Choice("0.5",
               "That is the share of the answers that a coin gets wrong. The loss takes the logarithm of the probability of the truth."),
        Choice("1", "That is the logarithm to the base 2. PyTorch takes the natural logarithm."),
        Choice("0, since it never claims anything wrong",
               "Only certainty about the truth costs nothing. Whoever always says “maybe” pays the price of a coin."),
    )),
)
