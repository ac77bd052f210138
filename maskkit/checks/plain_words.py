"""What Python's and torch's most frequent complaints mean, for somebody who meets them for the first time."""

from __future__ import annotations

import re

# Type of the error, pattern in its message, and what it means. The first that fits is taken.
_MEANINGS: tuple[tuple[type[BaseException], str, str], ...] = (
    (UnboundLocalError, "", "A variable is used before it has a value: give it one before the loop or the `if`. (Or was the `if` never true, since "
     "its comparison begins with a number that nothing is below, such as 0?)"),
    (NameError, "'(true|false|none)'", "True, False and None begin with a capital letter."),
    (NameError, "'(math|np|numpy|torch|nn|F|random|Counter)'",
     "This has to be imported before it is used, in a line of its own: import math, for instance."),
    (NameError, "", "Python does not know this name. Is it spelt as in the line with `def`? Has the cell run that makes it?"),
    (IndentationError, "", "The lines of a function stand the same distance to the right."),
    (ZeroDivisionError, "", "Something is divided by 0 for this input."),
    (RecursionError, "", "The function calls itself again and again, and never comes to an end."),
    (MemoryError, "", "Something far too large was built. Print the shapes of the arrays that go into this line."),
    (RuntimeError, "not enough memory|can't allocate",
     "Something far too large was built. Print the shapes of the tensors that go into this line."),
    (SystemExit, "", "exit() would end the whole notebook. A function is left with `return`."),
    (EOFError, "", "A check cannot type anything in: the values come as arguments, in the brackets of `def`."),
    (ValueError, "to unpack", "As many names as stand on the left, so many values must come from the right, each time: zip(a, b) makes pairs of two lists."),
    (RuntimeError, "Boolean value of Tensor", "An `if`, `and`, `or`, `min` or `max` wants one True or False, but this is a whole tensor of them: "
     "&, | and torch.where work on all elements at once. (And a layer or a loss is made first and called then: nn.BCEWithLogitsLoss()(logits, targets), or criterion(logits, targets).)"),
    (NotImplementedError, "'Bool'|two bool tensors", "torch cannot calculate this with True and False: x.float() makes numbers of them. "
     "(A loss wants the logits themselves, and not a yes or no, such as logits >= 0.)"),
    (Exception, "ambiguous", "An `if`, `and`, `or`, `min` or `max` wants one True or False, but this is a whole array of them. "
     "Work on all elements at once: &, |, torch.where, clamp; and put brackets around each comparison."),
    (TypeError, "builtin_function_or_method|'(function|method)'|'type'", "A function stands here without its brackets (), so it was not called."),
    (TypeError, "not supported between instances of '(list|tuple)'",
     "A list cannot be compared with a number all at once: go through it with `for`."),
    (TypeError, "not supported between instances of 'set'", "A set cannot be compared with a number. len(...) says how many things are in it."),
    (TypeError, "not supported between instances of .*'str'", "A number in quotation marks is a text: leave them out."),
    (TypeError, r"forward\(\) takes", "A layer or a model takes one thing: layer(x), model(images). The loss is what wants two, criterion(logits, targets)."),
    (TypeError, "'(ellipsis|NoneType)'", "Something in this line has no value (None): did the function that made it forget its `return`?"),
    (TypeError, r"for \^:", "^ is no power in Python: 2 ** 3 is."),
    (TypeError, "'set' and 'set'", "Sets are not added up: a | b joins two of them, a & b keeps what they share."),
    (TypeError, "unsupported operand type",
     "These two kinds of things cannot be calculated with each other. print(type(...)) shows what each is."),
    (TypeError, "ufunc|in <string>", "These kinds of values cannot be compared or calculated with each other. "
     "(& comes before == and >: put brackets around each comparison.)"),
    (TypeError, "must be tuple of ints", "torch wants axes in square brackets here, also a single one: dims=[...]."),
    (TypeError, "__round__", "round is for one number. torch.round takes a tensor (and whether you need it, the task says)."),
    (TypeError, r"missing \d+ required|expected at least", "Something that is called in this line needs more between its brackets."),
    (TypeError, "0-d tensor", "This is a tensor of a single number: it has no length, and nothing to go through."),
    (TypeError, "not iterable", "`for`, sum and the like go through a list; this is one single value."),
    (TypeError, "'(Tensor|float)' object is not callable", "Round brackets call a function; this is none. An element is taken with square brackets, and a product is "
     "written with *. (And between the brackets of optimizer.step() stands nothing: it finds the gradients at the weights.)"),
    (TypeError, "not callable", "Round brackets call a function; this is none. An element is taken with square brackets, and a product is written with *."),
    (TypeError, "not subscriptable", "Square brackets take an element of a list or an array; this is neither."),
    (TypeError, r"__init__\(\) takes", "A layer is made first and called then: nn.ReLU()(x). Behind its name stand its options, and not x."),
    (TypeError, "unexpected keyword argument 'axis'|must be Tensor, not",
     "Functions of numpy want arrays and those of torch want tensors: use the "
     "torch function for a tensor, or the method, such as x.mean()."),
    (IndexError, "Dimension out of range|too many indices",
     "The tensor has fewer axes than that. print(x.shape) shows them; they are counted from 0."),
    (IndexError, "must be of integer|only integers", "In square brackets stand whole numbers, or True and False; these are neither."),
    (IndexError, "", "Positions are counted from 0, so the last one is the length minus 1."),
    (AttributeError, "'(float|int)' object has no attribute 'backward'", "backward() belongs to the loss as criterion gives it, which is a tensor that "
     "remembers how it was computed. .item() makes a plain number of it, which does not: take it at the very end. (And a name that is given no value "
     "inside the function is looked up in the cells above.)"),
    (AttributeError, "has no attribute '(backward|step|zero_grad)'",
     "Each has its own: loss.backward(), optimizer.zero_grad() and optimizer.step(). What stands before this dot is not its owner."),
    (AttributeError, "'Tensor' object has no attribute 'astype'", "astype belongs to arrays of numpy. A tensor becomes float with x.float()."),
    (AttributeError, "'(Tensor|numpy.ndarray)' object has no attribute 'count'", "count belongs to lists. Of a tensor or an array, (x == 1).sum() counts the ones."),
    (AttributeError, "'(Tensor|numpy.ndarray)' object has no attribute 'append'", "append belongs to lists. Collect in a list, and make one array of it at the end."),
    (AttributeError, "'numpy.ndarray' object has no attribute 'float'", "float() belongs to tensors of torch. An array of numpy becomes float with x.astype(float)."),
    (AttributeError, "'(Tensor|numpy.ndarray)' object",
     "Arrays of numpy and tensors of torch know different methods; this one belongs to something else."),
    (AttributeError, "'NoneType' object has no attribute 'append'",
     "append changes the list itself and gives nothing back (None): x.append(...) is a line of its own, without x = in front."),
    (AttributeError, "'list' object",
     "Lists know index, count and append. argmin, mean and sum() belong to arrays: np.argmin(x), np.mean(x), or sum(x)."),
    (TypeError, "indices must be integers", "A position is a whole number; what stands in the square brackets is none."),
    (AttributeError, "builtin_function_or_method", "A function stands before the dot without its brackets (), so it was not called."),
    (AttributeError, "has no attribute 'size'", "A tensor is wanted here, and this is none. Was the model given, in place of what it answers, model(images)?"),
    (AttributeError, "", "print(type(...)) of what stands before the dot shows what it is."),
    (ValueError, "only one element|only length-1",
     "float(), int() and the functions of math take one number. A whole tensor becomes float with x.float(), and its roots are torch.sqrt(x)."),
    (RuntimeError, "cannot be converted to Scalar",
     "float(), int() and the functions of math take one number. A whole tensor becomes float with x.float(), and its roots are torch.sqrt(x)."),
    (ValueError, "is not in list", "index looks for exactly this value, and it is not there."),
    (KeyError, "", "This key is not in the dictionary."),
    (RuntimeError, "could not infer output dtype",
     "torch takes no mean of whole numbers, nor of True and False: make floats first, x.float().mean()."),
    (RuntimeError, "does not require grad and does not have a grad_fn", "backward() goes back from the loss to the weights, and here "
     "the way is cut: by torch.no_grad(), .detach() or .item(), or by an answer that is yes or no, such as logits >= 0, which has no slope. The loss is computed from the logits, as model(images) gives them."),
    (RuntimeError, "backward through the graph a second time", "backward() has gone this way already, and for each loss it can do so once. Is it called "
     "twice? Or is the loss an old one: a name that is given no value inside the function is looked up in the cells above."),
    (RuntimeError, "grad can be implicitly created only for scalar", "backward() starts from one number, the loss of the batch. Here it would start from several."),
    (RuntimeError, "on a Tensor that requires grad|on Tensor that requires grad", ".item() makes a plain number of the loss."),
    (RuntimeError, "on the same device|type .* should be the same", "Some of the numbers lie on the GPU and some do not. A function that is given "
     "a model and a batch finds both in the same place: leave .to(device) out of it."),
    (ValueError, "arget size .* input size", "The loss compares one logit with one target, so both need the same shape, (B,). Print both shapes before this line."),
    (RuntimeError, "must match the size", "Two shapes do not fit together. Print both before this line."),
    (RuntimeError, "non-positive stride", "The stride came out as 0. nn.Conv2d takes kernel, stride, padding in this order; better name them."),
    (RuntimeError, "can't be cast", "A uint8 tensor cannot hold fractions: make floats first, x.float()."),
    (RuntimeError, "should be between 0 and 1|must be between", "This loss wants probabilities, from 0 to 1."),
)


def in_words(error: BaseException) -> tuple[str, ...]:
    """The meaning of an error in a sentence, as the first hint; nothing for one that is not in the list."""
    for kind, pattern, meaning in _MEANINGS:
        if isinstance(error, kind) and re.search(pattern, str(error)):
            return (meaning,)
    return ()
