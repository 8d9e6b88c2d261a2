"""The usual mistakes of exercise 4.3: how many attention matrices exist at once."""

from dataclasses import replace

from course_utils.exercises.registry import Mistake


def _counting(inference, training_count):
    """Return an answer from two counts, each a function of the layers."""

    def wrong(layers, *, training):
        return training_count(layers) if training else inference(layers)

    return wrong


def _two(layers):
    return 2


def _one(layers):
    return 1


def _all(layers):
    return layers


def _all_and_one(layers):
    return layers + 1


def _all_and_two(layers):
    return layers + 2


def _twice_all(layers):
    return 2 * layers


ONE_IN_INFERENCE = Mistake(
    "one-in-inference",
    _counting(_one, _all_and_two),
    "Training is right. In inference only one matrix is counted.",
    "The softmax doesn't work in place: while it writes its result, what it reads must still be there.",
    "Go through attention line by line, and ask after each line which N x N matrices still exist.",
)
KEPT_IN_INFERENCE = Mistake(
    "kept-in-inference",
    _counting(_all, _all_and_two),
    "Training is right. In inference the count grows with the number of layers.",
    "Without a backward pass nobody needs the weights of a layer that is done, so their memory is free again.",
    "Look at one layer alone: what exists there at the same time?",
)
GRADIENTS_FORGOTTEN = Mistake(
    "gradients-forgotten",
    _counting(_two, _all),
    "Inference is right. In training the count is too small by two.",
    "What the forward pass keeps is counted, but the backward pass makes N x N matrices of its own.",
    "Think of the moment when the first softmax goes back: what goes into it, and what comes out?",
)
FORWARD_ONLY = Mistake(
    "forward-only",
    _counting(_two, _all_and_one),
    "Inference is right. In training the count is too small by one.",
    "That is the most in the forward pass, in the last layer's softmax. The backward pass comes to more.",
    "Go one step further: which N x N matrices exist while the last layer's softmax goes back?",
)
SCORES_KEPT = Mistake(
    "scores-kept",
    _counting(_two, _twice_all),
    "Inference is right. In training two matrices are counted for every layer.",
    "The softmax's backward pass needs its result only, so the scores of a layer that is done are not kept.",
    "Count what every layer keeps, and then what exists only while one layer goes back.",
)
NO_SOFTMAX = Mistake(
    "no-softmax",
    _counting(_one, _all),
    "Both counts are too small.",
    "A softmax doesn't work in place, forward or backward: what it reads and what it writes exist side by side.",
    "Find out which N x N matrices exist while a softmax runs, first forward, then backward.",
)

PEAK = (
    ONE_IN_INFERENCE,
    KEPT_IN_INFERENCE,
    replace(KEPT_IN_INFERENCE, name="kept-and-one-in-inference", wrong=_counting(_all_and_one, _all_and_two)),
    replace(KEPT_IN_INFERENCE, name="two-a-layer-in-inference", wrong=_counting(_twice_all, _all_and_two)),
    GRADIENTS_FORGOTTEN,
    FORWARD_ONLY,
    SCORES_KEPT,
    Mistake(
        "scores-kept-and-gradients",
        _counting(_two, lambda layers: 2 * layers + 2),
        "Inference is right. In training every layer is counted with its scores.",
        "The softmax's backward pass needs its result only, so the scores of a layer that is done are not kept.",
        "Count one matrix for each layer that is kept.",
    ),
    Mistake(
        "scores-and-gradients",
        _counting(_two, lambda layers: layers + 3),
        "Inference is right. In training the count is too large by one.",
        "The scores are counted beside the gradients, but they are gone when the backward pass begins.",
        "Count what exists in that one moment when a softmax goes back.",
    ),
    Mistake(
        "three-a-layer",
        _counting(_two, lambda layers: 3 * layers),
        "Inference is right. In training three matrices are counted for every layer.",
        "Gradients of N x N matrices live only as long as their layer goes back; the layers do so one by one.",
        "Tell apart what all layers keep from what only one layer has at a time.",
    ),
    Mistake(
        "gradients-of-all",
        _counting(_two, lambda layers: 3 * layers + 2),
        "Inference is right. In training more than three matrices are counted for every layer.",
        "Scores or gradients of all layers are counted, but they live only as long as their layer is at work.",
        "Tell apart what all layers keep from what only one layer has at a time.",
    ),
    Mistake(
        "always-two",
        _counting(_two, _two),
        "The count is that of inference, in training too.",
        "`training` isn't used, but the backward pass needs what the forward pass has computed in every layer.",
        "Ask what each layer must keep until the backward pass comes back to it.",
    ),
    Mistake(
        "always-training",
        _counting(_all_and_two, _all_and_two),
        "The count is that of training, in inference too.",
        "`training` isn't used, but without a backward pass nothing is kept of a layer that is done.",
        "Give inference a count of its own: look at one layer alone.",
    ),
    Mistake(
        "exchanged",
        _counting(_all_and_two, _two),
        "Training and inference have changed places.",
        "The two counts are right, but each is returned where the other one should be.",
        "Check the condition: what does `training=True` mean?",
    ),
    NO_SOFTMAX,
    replace(NO_SOFTMAX, name="no-softmax-forward", wrong=_counting(_one, _all_and_one)),
    Mistake(
        "scores-kept-one-in-inference",
        _counting(_one, _twice_all),
        "Inference is too small by one. In training two matrices are counted for every layer.",
        "A softmax needs memory for what it reads and what it writes; once it is done, only the latter is kept.",
        "Take inference first, with a single layer: which N x N matrices exist while its softmax runs?",
    ),
    Mistake(
        "always-all",
        _counting(_all, _all),
        "One matrix is counted for each layer, in inference too.",
        "Inference keeps nothing of a layer that is done, and a softmax needs memory for what it reads and writes.",
        "Take inference first, with a single layer: which N x N matrices exist while its softmax runs?",
    ),
    Mistake(
        "always-two-a-layer",
        _counting(_twice_all, _twice_all),
        "Two matrices are counted for each layer, in inference too.",
        "Inference keeps nothing of a layer that is done, and in training the scores of such a layer aren't kept.",
        "Take inference first: is anything of the first layer needed while the second one runs?",
    ),
)
