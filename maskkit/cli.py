"""The command line: parse, call, print. Progress goes to standard error, results to standard output."""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import shlex
import sys
import warnings
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from functools import partial
from glob import escape, glob
from itertools import chain, count
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import maskkit
from maskkit.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from maskkit.datasets import Dataset, Subset
    from maskkit.photos import Photos
    from maskkit.reading import Images
    from maskkit.training import FitResult, TrainConfig

# Modules that need torch are imported where they are used, so that --help answers at once.

_LARGEST_SIDE = 4096


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``maskkit`` with ``argv`` (by default the process's own); return the exit code.

    0: done. 1: nobody read what was printed, or there is something to mend (doctor). 2: the input cannot be used, said in one line. 130:
    interrupted with Ctrl-C.
    """
    before_torch()
    logging.basicConfig(format="maskkit: %(message)s", level=logging.WARNING if _is_first_process() else logging.ERROR, stream=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # file names may hold letters that the console lacks, and bytes that are no letters
    warnings.filterwarnings("ignore", module=r"PIL\.")  # of odd metadata and of large photos, and without a name; the audit tells them
    arguments, unknown = _parser().parse_known_args(_with_dashes(sys.argv[1:] if argv is None else argv))
    if unknown and "images" in arguments and not any(word.startswith("-") or not word for word in unknown):
        unknown, arguments.images = [], [*arguments.images, *map(_path, unknown)]  # photos behind an option, where argparse has its list already
    if unknown:
        arguments.parser.error(_about_unknown(unknown, arguments.parser))
    try:
        return arguments.run(arguments)
    except BrokenPipeError:  # who reads what we print, such as head, has had enough; Python would complain once more when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (InputError, OSError, MemoryError, RuntimeError) as error:
        said = _in_words(error)
        if said is None:
            raise
        which = "" if _is_first_process() else f" (process {int(os.environ['RANK']) + 1})"
        print(f"maskkit{which}: error: {said}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("maskkit: interrupted", file=sys.stderr)
        return 130


def before_torch() -> None:
    """Say how threads are to wait and where tensors are to lie, which torch reads when it is loaded; what somebody has said already, stays.

    Threads that wait are to sleep, where OpenMP would let them spin and so slow down training threefold as soon as another program
    wants the same cores. For a moment they stay awake, to be at hand for the next small step of an augmentation (`benchmarks/speed.py
    waiting`): so many turns for GNU's OpenMP (Linux), a millisecond for Intel's and LLVM's (Windows, macOS). And large tensors lie on
    large memory pages, which Linux clears and finds in less time. The numbers stay the same.
    """
    for name, value in {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "3000", "KMP_BLOCKTIME": "1", "THP_MEM_ALLOC_ENABLE": "1"}.items():
        os.environ.setdefault(name, value)


def _in_words(error: Exception) -> str | None:
    """The one sentence about what the user's input came to; None for an error that is ours."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, OSError):
        path = error.filename2 or error.filename
        cure = "; choose another place, or give yourself the permission" if isinstance(error, PermissionError) else ""
        return f"{path} cannot be used: {error.strerror}{cure}." if path and error.strerror else f"The system refused: {error.strerror or error}."
    first_line = str(error).strip().partition("\n")[0]
    if isinstance(error, MemoryError) or "allocate" in first_line or "not enough memory" in first_line:  # NumPy's, and torch's
        return f"There is not enough memory for this; take fewer or smaller images ({first_line or type(error).__name__})."
    return None


def train(arguments: argparse.Namespace) -> int:
    """``maskkit train``: train, then measure the best model on the test split, once."""
    from maskkit import evaluation, training
    from maskkit.checkpoints import Checkpoint
    from maskkit.distributed import join_team

    run_dir = Path(arguments.run_dir or Path("runs") / datetime.now().strftime("%Y%m%d-%H%M%S"))
    _check_run_dir(run_dir, arguments)
    _check_data_options(arguments)
    config = _train_config(arguments)
    team = join_team(config.device)  # this process alone, unless torchrun started several
    with nullcontext() if arguments.data_dir else team.first_goes_first():
        dataset = _load_data(arguments.data_dir or arguments.dataset, arguments)
    _say(f"{dataset!r}")
    _say(_about_groups(dataset))
    began = arguments.resume and _told(run_dir, "train", "weights")  # what a run that goes on began with is not said again
    leaks = _leaks(dataset, replace(config, weights=began) if began else config) if team.is_first else []
    for leak in leaks:
        _say(f"Warning: {leak}")
    if not arguments.run_dir:
        run_dir = team.from_first(_made_for_one(run_dir) if team.is_first else run_dir)
    result = training.fit(dataset, config, run_dir=run_dir, on_epoch=_print_epoch, resume=arguments.resume, progress=sys.stderr.isatty())
    team.leave()
    if not team.is_first:
        return 130 if result.stopped_because == "interrupted" else 0
    if result.stopped_because == "interrupted":
        if not result.history and not arguments.run_dir:
            with suppress(OSError):  # nothing was written into the folder that was made for this run
                run_dir.rmdir()
        _say_interrupted(result, run_dir)
        return 130
    _say(f"Stopped: {result.stopped_because}. Best epoch: {result.best_epoch}.")
    best = Checkpoint(result.model, config.model, dataset.image_size)
    test = dataset.subset("test")
    y_score = evaluation.predict_proba(best.model, test.images)
    scores = evaluation.evaluate(test.targets.numpy(), y_score)
    report = {**scores, "data": training.describe_data(dataset), "best_epoch": result.best_epoch, "stopped_because": result.stopped_because,
              "kept_together": dataset.kept_together, "skipped": [{"name": name, "reason": reason} for name, reason in dataset.skipped]}
    if leaks:
        report["warning"] = " ".join(leaks)
    _write_report(run_dir, report, test, y_score)
    _print_report(report)
    print(f"Model: {run_dir / training.BEST}\nReport: {run_dir / 'report.json'}\nIts mistakes: {run_dir / 'mistakes.png'}")
    return 0


def pretrain(arguments: argparse.Namespace) -> int:
    """``maskkit pretrain``: train a network on drawn faces alone; the same command goes on with one that was interrupted."""
    from maskkit import pretraining, training

    names = ("model", "pairs", "image_size", "epochs", "seed", "device")
    _check_folder(Path(arguments.run_dir))
    config = pretraining.PretrainConfig(**{name: getattr(arguments, name) for name in names})
    pretraining.pretrain(config, arguments.run_dir, progress=True, on_epoch=lambda history: _say(
        f"epoch {history[-1]['epoch']:3} of {config.epochs}  train loss {history[-1]['train_loss']:.4f}  {history[-1]['images_per_second']:.0f} images/s"))
    recipe = "transfer" if config.model == "maskresnet" else "modern"
    print(f"Model: {Path(arguments.run_dir) / training.BEST}\nBegin with it: maskkit train --model {config.model} --image-size {config.image_size} "
          f"--recipe {recipe} --init-from {shlex.quote(str(Path(arguments.run_dir) / training.BEST))} --data-dir PHOTOS")
    return 0


def tune(arguments: argparse.Namespace) -> int:
    """``maskkit tune``: search options of training by the validation loss; print the best ones as a command."""
    from maskkit import tuning

    tuning.check_study(arguments.trials, arguments.sampler)  # before minutes are spent on drawing faces
    _check_data_options(arguments)
    config = _train_config(arguments)
    space = {name: values for name, values in tuning.SPACE.items() if not hasattr(arguments, name)}
    if not space:
        raise InputError(f"Nothing is left to search, as all of it is given ({', '.join(tuning.SPACE)}); leave at least one of these options away.")
    if arguments.storage:  # before minutes are spent on reading photos
        tuning.open_study(arguments.storage, name=arguments.study, sampler=arguments.sampler)
    dataset = _load_data(arguments.data_dir or arguments.dataset, arguments)
    _say(f"{dataset!r}")
    study = tuning.tune(dataset, config, space=space, trials=arguments.trials, sampler=arguments.sampler, seed=arguments.seed,
                        storage=arguments.storage, name=arguments.study, on_trial=_print_trial)
    best = tuning.best_config(study, config)
    given = [name for name in _RECIPE_OPTIONS if name in space or hasattr(arguments, name)]
    drawn = {"learning_rate", "weight_decay"} & space.keys()  # with sixteen digits, of which three say it all
    texts = {name: f"{getattr(best, name):.3g}" if name in drawn else str(getattr(best, name)) for name in given}
    options = [f"--{name.replace('_', '-')} {shlex.quote(text)}" for name, text in texts.items()]
    print(f"Lowest validation loss of {len(tuning.trial_rows(study))} trials: {study.best_value:.4f} (a little too good to be true, since it was chosen).\n"
          f"maskkit train {_same_source(arguments)} {' '.join(options)}")
    return 0


def test(arguments: argparse.Namespace) -> int:
    """``maskkit test``: measure a saved model on a folder, or on the test split of its own run."""
    from maskkit.evaluation import evaluate

    model = _load_model(arguments)
    images, targets, about = _test_images(arguments, model)
    report = {**evaluate(targets, model.predict_proba(images)), **about, "model_path": str(arguments.model_path)}
    if arguments.json:
        print(json.dumps(report))
    else:
        _print_report(report)
    return 0


def predict(arguments: argparse.Namespace) -> int:
    """``maskkit predict``: the probability of a mask for each photo; 2 if any photo could not be read."""
    from maskkit.images import CLASS_NAMES, is_plain, load_image

    model = _load_model(arguments)
    if Path(arguments.model_path).suffix.lower() == ".onnx" and not _is_of_run(model, Path(arguments.model_path).parent):
        _say(f"Warning: {arguments.model_path} was exported before the run in its folder went on or was replaced; export the model again for the newer answers.")
    predictions, problems = [], []
    for path in _matching(arguments.images):
        try:
            image = load_image(path, model.image_size)
        except InputError as error:
            problems.append(str(error))
            continue
        probability = float(model.predict_proba(image[None])[0])
        note = {"note": "the picture is of one colour, so the answer means nothing"} if is_plain(image) else {}
        predictions.append({"image": path, "class": CLASS_NAMES[probability >= 0.5], "probability_with_mask": probability, **note})
    if arguments.json:
        print(json.dumps({"predictions": predictions, "problems": problems}))
    else:
        for row in predictions:
            print(f"{row['image']}: {row['class']} (probability of a mask {row['probability_with_mask']:.3f}){'; ' + row['note'] if 'note' in row else ''}")
    for problem in problems:
        print(f"maskkit: error: {problem}", file=sys.stderr)
    return 2 if problems else 0


def _matching(names: Sequence[str]) -> list[str]:
    """The photos that are named, and those that a pattern such as ``photos/*.jpg`` means: quoted for its spaces, or in a Windows console, it comes as it is."""
    from maskkit.images import is_junk

    def meant(name: str) -> list[str]:
        if "*" not in name or os.path.exists(name):
            return []
        folder, last = os.path.split(name)  # in the name of a folder, brackets are mostly meant as they are
        found = glob(os.path.join(escape(folder), last)) or glob(name)
        return sorted(path for path in found if not os.path.isdir(path) and not is_junk(os.path.basename(path)))

    return [path for name in names for path in meant(name) or [name]]


def export(arguments: argparse.Namespace) -> int:
    """``maskkit export``: write the model as ONNX, in float32 and int8, compared with torch."""
    from dataclasses import asdict

    from maskkit import export as exporter
    from maskkit.checkpoints import load_checkpoint

    out = Path(arguments.out or Path(arguments.model_path).with_suffix(".onnx"))
    if out.suffix.lower() != ".onnx":
        raise InputError(f"The name of an exported model ends in .onnx; got --out {out}.")
    for path in (out, exporter.int8_path(out)):
        if path.is_dir():  # before one of the two files is written
            raise InputError(f"{path} is a folder; give another --out.")
    _check_folder(out.parent, "the exported model")
    checkpoint = load_checkpoint(arguments.model_path)
    exporter.need_packages()
    images = exporter.images_of_run(Path(arguments.model_path).parent, checkpoint.image_size)
    rows = exporter.export(checkpoint, out, images, made_from=arguments.model_path)
    files = [Path(arguments.model_path), out, exporter.int8_path(out)]
    if arguments.json:
        print(json.dumps({"files": [{"path": str(path), **asdict(row)} for path, row in zip(files, rows)], "images": images.source}))
        return 0
    for path, row in zip(files, rows):
        print(f"{row.name:>8}  {row.size / 1e6:6.1f} MB  {row.milliseconds:6.1f} ms a photo on one core  largest difference from torch {row.largest_difference:.1e}, "
              f"same decision for {row.agreeing} of {row.compared}  {path}")
    print(f"Calibrated and compared on {images.source}, other ones for each. Input: uint8 RGB pixels (n, {checkpoint.image_size}, {checkpoint.image_size}, 3); "
          f"output: the probability of a mask (n,); more in the file's metadata.")
    return 0


def data_synthetic(arguments: argparse.Namespace) -> int:
    """``maskkit data synthetic``: draw faces into a folder, with their attributes."""
    from maskkit.faces import write_faces

    if arguments.n < 2 or arguments.image_size < 16:
        raise InputError(f"At least 2 faces of at least 16 pixels can be drawn; got --n {arguments.n} --image-size {arguments.image_size}.")
    folder = write_faces(arguments.out, arguments.n, image_size=arguments.image_size, seed=arguments.seed,
                         variety=arguments.variety, shortcut=arguments.shortcut, shortcut_strength=arguments.shortcut_strength, progress=True)
    print(f"{arguments.n} faces in {folder}; what is known of each: {folder / 'attributes.csv'}")
    return 0


def data_audit(arguments: argparse.Namespace) -> int:
    """``maskkit data audit``: say what would hurt in a folder of photos."""
    from maskkit.audit.page import write_page
    from maskkit.audit.report import as_json, as_text, audit_folder

    if arguments.html:
        _check_folder(Path(arguments.html).parent, "the page")
        if Path(arguments.html).is_dir():
            raise InputError(f"{arguments.html} is a folder; give the name of a file for the page, such as {Path(arguments.html) / 'audit.html'}.")
    report = audit_folder(arguments.folder, progress=sys.stderr.isatty())
    try:
        print(json.dumps(as_json(report)) if arguments.json else as_text(report), flush=True)
    finally:  # also for one who reads the beginning only
        if arguments.html:
            _say(f"Page: {write_page(report, arguments.html)}")
    return 0


def data_photos(arguments: argparse.Namespace) -> int:
    """``maskkit data photos``: download, verify and lay out the public photos; what is not as listed is named, not fatal."""
    from maskkit.photos import download_photos, photos_dir, verify_archive

    there = Path(arguments.out or photos_dir()).exists()
    if arguments.archive and there:
        # Nothing is unpacked then. But who names an archive, on a memory stick for a room, wants to know whether it is whole.
        _print_photos(verify_archive(arguments.archive, progress=True))
        _say("The photos were there before, and nothing was unpacked.")
    _print_photos(download_photos(arguments.out, arguments.archive, progress=True), there)
    return 0


def _print_photos(photos: Photos, there: bool = False) -> None:
    """What is not as listed, and what became of it: in a folder that was ``there`` before nothing was left out."""
    left_out = "" if there else ", left out"
    for what, names, then in (("missing", photos.missing, ""),
                              (f"changed{left_out}", photos.changed, "; move the folder away and run the command again"),
                              (f"not in the manifest{left_out}", photos.unlisted, ", passed over when the photos are loaded")):
        if names:
            _say(f"{len(names)} {what}: {', '.join(names[:5])}{' …' if len(names) > 5 else ''}{then if there else ''}")
    print(f"{photos.verified} photos, verified, in {photos.folder}")


def doctor(arguments: argparse.Namespace) -> int:
    """``maskkit doctor``: look whether all is there that the lessons need; 1 if something needs a fix."""
    from maskkit import doctor as examiner

    examination = examiner.examine()
    print(json.dumps(examination.as_json()) if arguments.json else examination)
    return 0 if examination.ok else 1


def colab(arguments: argparse.Namespace) -> int:
    """``maskkit colab``: point the badges, setup cells and links of a clone at a fork."""
    from maskkit.colab import point_at

    print(point_at(arguments.folder, arguments.repo, arguments.branch))
    return 0


def _path(text: str) -> str:
    """A path, with ``~`` for the home folder. An empty one is what a shell makes of a variable that is not set, and never what was meant."""
    if not text:
        raise argparse.ArgumentTypeError("the path is empty")
    return os.path.expanduser(text)


def _weights(text: str) -> str:
    return _path(text) if text.endswith(".pth") else text


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"takes a whole number, such as 10; got {text!r}") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"takes a number with a point, such as 0.001; got {text!r}") from None


def _side(text: str) -> int:
    """Side of the images in pixels; beyond the limit somebody has mistyped, and no machine has the memory for it."""
    side = _whole(text)
    if side > _LARGEST_SIDE:
        raise argparse.ArgumentTypeError(f"at most {_LARGEST_SIDE} pixels a side; got {side}")
    return side


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Says each option's default, unless there is none or its help has said it already in words."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        said = action.default is None or action.default is False or "(default:" in (action.help or "")
        return action.help if said else super()._get_help_string(action)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, where argparse prints the usage first. What is parsed names the command's own parser, as ``parser``."""

    def __init__(self, **options: object):
        super().__init__(**{"formatter_class": _Help, **options})
        self.set_defaults(parser=self)

    def error(self, message: str) -> None:
        """Print the line on standard error and exit with code 2."""
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def _about_unknown(words: Sequence[str], parser: argparse.ArgumentParser) -> str:
    """What is wrong with the words of a command line that no option and no argument takes."""
    option = next((word.partition("=")[0] for word in words if word.startswith("-")), None)
    if option is None:
        return f"unexpected: {' '.join(words)}; a path with spaces in it needs quotation marks around it"
    known = [name for action in parser._actions for name in action.option_strings]  # argparse has no public list of them
    close = get_close_matches(option, known, n=1)
    return f"there is no option {option}{f'; did you mean {close[0]}?' if close else ''}"


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="maskkit", description="Train and use a classifier that tells faces with a mask from faces without.")
    parser.add_argument("--version", action="version", version=f"maskkit {maskkit.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_train(commands)
    _add_pretrain(commands)
    _add_tune(commands)
    _add_test(commands)
    _add_predict(commands)
    _add_export(commands)
    _add_data(commands)
    _add_doctor(commands)
    _add_colab(commands)
    return parser


def _add_train(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("train", help="train a model and measure it on its test split")
    parser.add_argument("--run-dir", type=_path, metavar="DIR", help="where the model and the reports go (default: runs/ and the time)")
    _add_what_to_train(parser)
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument("--resume", action="store_true", help="go on with the run in --run-dir")
    existing.add_argument("--overwrite", action="store_true", help="replace the run in --run-dir")
    parser.set_defaults(run=train)


def _add_pretrain(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("pretrain", help="train a network on drawn faces alone, to begin with where photos are few",
                                 description="Every face is drawn twice, bare and masked, and the network also learns where the two differ. Interrupted, "
                                             "the same command goes on. Then: maskkit train --init-from DIR/mask_cnn_best.pth")
    parser.add_argument("--run-dir", type=_path, metavar="DIR", default="runs/drawn", help="where the model goes")
    parser.add_argument("--model", default="maskresnet", help="maskresnet or maskcnn")
    parser.add_argument("--pairs", type=_whole, default=10000, help="faces, each drawn twice")
    parser.add_argument("--image-size", type=_side, default=80, help="side of the pictures in pixels; maskresnet then takes photos of any size")
    parser.add_argument("--epochs", type=_whole, default=16, help="passes over all pairs")
    parser.add_argument("--seed", type=_whole, default=0, help="the same seed gives the same model")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.set_defaults(run=pretrain)


def _add_tune(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("tune", help="search for good options of training",
                                 description="Search learning rate, batch size, weight decay and augmentation; what is given here is not searched. Judged by the validation loss.")
    parser.add_argument("--trials", type=_whole, default=20, help="of the whole study, however many processes work on it; each finishes the one that it is at")
    parser.add_argument("--sampler", default="tpe", help="tpe or random")
    parser.add_argument("--storage", type=_path, metavar="FILE", help="file (or database, such as sqlite:///tune.db) that several processes share; a later call goes on with it")
    parser.add_argument("--study", metavar="NAME", default="maskkit", help="of the study in the storage")
    _add_what_to_train(parser)
    parser.set_defaults(run=tune, resume=False)


def _add_what_to_train(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--data-dir", type=_path, metavar="DIR", help="folder with with_mask and without_mask, or train, val and test folders that hold them")
    source.add_argument("--dataset", choices=["synthetic", "photos"], default="synthetic", help="the built-in faces, or the public photos")
    parser.add_argument("--groups", type=_path, metavar="FILE", help="CSV file with the columns path and group, for a --data-dir whose photos show the same people")
    parser.add_argument("--near-duplicates", action=argparse.BooleanOptionalAction, default=True, help="look for them in a --data-dir, and keep them in one split")
    _add_stream(parser)
    parser.add_argument("--model", default=argparse.SUPPRESS, help="maskcnn, vgg_small, maskresnet, resnet18, mobilenet_v3_small or efficientnet_b0 "
                                                                    "(default: maskcnn, for the recipe transfer maskresnet)")
    parser.add_argument("--recipe", default="original", help="original, modern (stronger augmentation, one cycle of the learning rate), quick (the same in few epochs), "
                                                             "transfer (few epochs, from weights that have seen drawn faces) or taught (by a --teacher)")
    parser.add_argument("--image-size", type=_side, default=128, help="side of the images in pixels")
    _add_recipe_options(parser)
    parser.add_argument("--seed", type=_whole, default=0, help="the same seed gives the same model")
    parser.add_argument("--faces", type=_whole, help="number of synthetic faces (default: 2000)")
    parser.add_argument("--variety", type=_number, help="of the synthetic faces' camera, light and pose: 0 one studio, 1 from anywhere (default: 0.1)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")


# Options that replace what the recipe says: type and meaning; not given, they are absent.
_RECIPE_OPTIONS = {
    "epochs": (_whole, "most passes over the training images"),
    "batch_size": (_whole, "images in a step"),
    "learning_rate": (_number, "step size of Adam; of one_cycle its highest"),
    "patience": (_whole, "stop after so many epochs without a lower validation loss"),
    "augmentation": (str, "none, original (flips and rotations), mild, strong or robust"),
    "weight_decay": (_number, "pull of the weights towards 0"),
    "schedule": (str, "of the learning rate: constant or one_cycle"),
    "label_smoothing": (_number, "share by which the targets lie nearer to one half"),
    "averaging": (_number, "share of itself that the running mean of the weights keeps at each step; validated and kept is that mean"),
    "growing": (_number, "share of the epochs in which images grow to their full size"),
    "precision": (str, "float32, bfloat16 or auto"),
    "weights": (_weights, "to begin with: random, drawn (for maskresnet; have seen drawn faces), published (torchvision's, downloaded), auto, or the "
                          "mask_cnn_best.pth of another run"),
    "teacher": (_path, "last.pth or mask_cnn_best.pth of a network whose probabilities take the place of labels"),
}


def _add_recipe_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("instead of what the recipe says")
    for name, (kind, meaning) in _RECIPE_OPTIONS.items():
        names = [f"--{name.replace('_', '-')}", *(["--init-from"] if name == "weights" else [])]
        group.add_argument(*names, type=kind, default=argparse.SUPPRESS, help=meaning)
    group.add_argument("--freeze", action="store_true", default=argparse.SUPPRESS, help="train the last layer only, on the features that --weights gives")


def _add_test(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("test", help="measure a trained model")
    parser.add_argument("--model-path", type=_path, metavar="FILE", required=True, help="mask_cnn_best.pth of a run folder, or an exported .onnx")
    parser.add_argument("--test-dir", type=_path, metavar="DIR", help="folder with both class folders, or with a test folder (default: the run's own test split)")
    _add_stream(parser)
    _add_device_and_json(parser)
    parser.set_defaults(run=test)


def _add_predict(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("predict", help="say of each photo whether the face wears a mask")
    parser.add_argument("--model-path", type=_path, metavar="FILE", required=True, help="mask_cnn_best.pth of a run folder, or an exported .onnx")
    parser.add_argument("images", nargs="+", type=_path, metavar="IMAGE", help="a photo")
    _add_device_and_json(parser)
    parser.set_defaults(run=predict)


def _add_export(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("export", help="write a trained model as ONNX, in float32 and int8, compared with torch")
    parser.add_argument("--model-path", type=_path, metavar="FILE", required=True, help="mask_cnn_best.pth of a run folder")
    parser.add_argument("--out", type=_path, metavar="FILE.onnx", help="where it goes, the int8 version beside it (default: beside the model)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(run=export)


def _add_data(commands: argparse._SubParsersAction) -> None:
    data = commands.add_parser("data", help="make data").add_subparsers(title="data commands", metavar="WHAT", required=True)
    parser = data.add_parser("synthetic", help="draw synthetic faces into a folder")
    parser.add_argument("--out", type=_path, metavar="DIR", default="data/synthetic", help="a new folder")
    parser.add_argument("--n", type=_whole, default=2000, help="number of faces")
    parser.add_argument("--variety", type=_number, default=1.0, help="of camera, light and pose: 0 one studio, 1 from anywhere")
    parser.add_argument("--image-size", type=_side, default=128, help="side of the images in pixels")
    parser.add_argument("--seed", type=_whole, default=0, help="the same seed draws the same faces")
    parser.add_argument("--shortcut", default="none", help="give the class away, for a lesson on what networks cheat with: none, tint, frame, resolution or format")
    parser.add_argument("--shortcut-strength", type=_number, default=1.0, help="share of the faces with a mask that carry the shortcut; below 0, of those without")
    parser.set_defaults(run=data_synthetic)
    parser = data.add_parser("photos", help="download and verify the public photos")
    parser.add_argument("--out", type=_path, metavar="DIR", help="a new folder (default: where --dataset photos looks)")
    parser.add_argument("--archive", type=_path, metavar="FILE", help="the archive, downloaded before; where the photos are there already, it is verified")
    parser.set_defaults(run=data_photos)
    _add_audit(data)


def _add_doctor(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("doctor", help="look whether all is there that the lessons need, and say how to mend what is not",
                                 epilog="The exit code is 1 if something needs a fix, and 0 otherwise.")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(run=doctor)


def _add_colab(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("colab", help="point the badges and setup cells of a clone at your fork",
                                 description="Point all badges, setup cells and links of a clone (notebooks, README, docs) at a repository on GitHub, whatever they point at now.")
    parser.add_argument("--repo", metavar="OWNER/NAME", required=True, help="the repository, or its address")
    parser.add_argument("--branch", default="main", help="the branch that badges open and setup cells install (default: main)")
    parser.add_argument("--folder", type=_path, metavar="DIR", default=".", help="the clone (default: the current folder)")
    parser.set_defaults(run=colab)


def _add_audit(data: argparse._SubParsersAction) -> None:
    parser = data.add_parser("audit", help="say what would hurt in a folder of photos", epilog="The exit code is 0 whether something is found or not, and 2 if the folder cannot be used.",
                             description="Look for damaged files, copies (also across classes and splits), odd pictures, and shortcuts that tell the class without the face.")
    parser.add_argument("folder", type=_path, metavar="DIR", help="folder of photos, with class folders (and train, val, test) or without")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, with every name and number")
    parser.add_argument("--html", type=_path, metavar="FILE", help="also write a page with pictures; it holds small copies of photos and needs no network")
    parser.set_defaults(run=data_audit)


def _add_stream(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stream", action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS,
                        help="leave photos on disk and decode them while they are used (default: if they do not fit in memory)")
    parser.set_defaults(stream=None)


def _add_device_and_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")


def _with_dashes(argv: Sequence[str]) -> list[str]:
    """``--data_dir=x`` is accepted as ``--data-dir=x``: the spelling of the original project's README."""
    def dashed(token: str) -> str:
        name, equals, value = token.partition("=")
        return name.replace("_", "-") + equals + value if token.startswith("--") else token

    end = argv.index("--") if "--" in argv else len(argv)  # behind it there are no options, but file names
    return [*map(dashed, argv[:end]), *argv[end:]]


def _train_config(arguments: argparse.Namespace) -> TrainConfig:
    from maskkit.checkpoints import load_checkpoint
    from maskkit.runtime import resolve_device
    from maskkit.training import recipe, starting_model

    options = {name: value for name, value in vars(arguments).items() if name in (*_RECIPE_OPTIONS, "freeze", "model")}
    config = recipe(arguments.recipe, seed=arguments.seed, device=arguments.device, **options)
    # Before minutes are spent on reading photos: is the device there, and the teacher, and do the image size and the weights suit the network?
    resolve_device(config.device)
    starting_model(config, arguments.image_size, arguments.resume)
    if config.teacher:
        load_checkpoint(config.teacher)
    return config


def _made_for_one(folder: Path) -> Path:
    """The new folder, or one with a number after its name: another run may have begun in the same second."""
    for name in chain([folder.name], (f"{folder.name}-{number}" for number in count(2))):
        try:
            folder.with_name(name).mkdir(parents=True)
            return folder.with_name(name)
        except FileExistsError:
            continue


def _check_run_dir(run_dir: Path, arguments: argparse.Namespace) -> None:
    from maskkit.files import BEST, LAST

    _check_folder(run_dir)
    if arguments.data_dir and _in_class_folder(run_dir.resolve(), Path(arguments.data_dir).resolve()):
        raise InputError(f"{run_dir} lies in a class folder of {arguments.data_dir}, where its files would be taken for photos; choose another --run-dir.")
    if arguments.resume and not (run_dir / LAST).exists():
        raise InputError(f"There is no run to resume in {run_dir}: it has no {LAST}; give the --run-dir of an earlier run.")
    held = next((what for name, what in ((BEST, "a trained model"), (LAST, "a training that was interrupted")) if (run_dir / name).exists()), None)
    if held and not (arguments.resume or arguments.overwrite):
        raise InputError(f"{run_dir} already holds {held}; choose another --run-dir, or add --resume or --overwrite.")


def _in_class_folder(run_dir: Path, data_dir: Path) -> bool:
    from maskkit.images import class_of

    return run_dir.is_relative_to(data_dir) and any(class_of(part) is not None for part in run_dir.relative_to(data_dir).parts)


def _check_folder(folder: Path, use: str = "the run") -> None:
    """Say it now, and not after an hour of training, if nothing can be written into a folder that is there or not."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise InputError(f"{nearest} is a file; give a folder for {use}.")
    if not os.access(nearest, os.W_OK):
        raise InputError(f"Nothing may be written into {nearest}; give another folder for {use}.")


def _load_data(source: str, arguments: argparse.Namespace) -> Dataset:
    from maskkit.datasets import load_dataset

    if arguments.data_dir in ("synthetic", "photos"):  # a folder that happens to be called so
        source = os.path.abspath(source)
    drawn = {name: value for name, value in (("n", arguments.faces), ("variety", arguments.variety)) if value is not None}
    return load_dataset(source, image_size=arguments.image_size, seed=arguments.seed, groups=arguments.groups, near_duplicates=arguments.near_duplicates,
                        stream=arguments.stream, progress=_is_first_process(), **drawn)


def _check_data_options(arguments: argparse.Namespace) -> None:
    """Refuse what would be passed over without a word, since it is about other data."""
    data = "--data-dir" if arguments.data_dir else f"--dataset {arguments.dataset}"
    for name in ("faces", "variety"):
        if getattr(arguments, name) is not None and data != "--dataset synthetic":
            raise InputError(f"--{name} is of drawn faces, and {data} brings photos; leave one of them away.")
    if arguments.groups and arguments.data_dir and not os.path.isfile(arguments.groups):
        raise InputError(f"There is no groups file {arguments.groups}; give a CSV file with the columns path and group.")
    if not arguments.near_duplicates and not arguments.data_dir:
        raise InputError(f"--no-near-duplicates is for a folder of your own (--data-dir): in {data} it is known which pictures are alike; leave it away.")


def _load_model(arguments: argparse.Namespace) -> SimpleNamespace:
    """What answers for photos, trained or exported: ``image_size``, ``predict_proba(images)``, and the hash of the .pth file that it is or was made from."""
    if Path(arguments.model_path).suffix.lower() == ".onnx":
        from maskkit.onnx_model import OnnxModel

        if arguments.device not in ("auto", "cpu"):
            raise InputError(f"An exported model runs on the processor; leave --device {arguments.device} away.")
        model = OnnxModel(arguments.model_path)
        return SimpleNamespace(image_size=model.image_size, predict_proba=model.predict_proba, sha256=model.metadata.get("made_from_sha256"))
    from maskkit import evaluation
    from maskkit.checkpoints import load_checkpoint
    from maskkit.files import file_digest
    from maskkit.runtime import resolve_device

    checkpoint = load_checkpoint(arguments.model_path, resolve_device(arguments.device))
    return SimpleNamespace(image_size=checkpoint.image_size, predict_proba=partial(evaluation.predict_proba, checkpoint.model),
                           sha256=file_digest(arguments.model_path))


def _test_images(arguments: argparse.Namespace, model: SimpleNamespace) -> tuple[Images, np.ndarray, dict[str, object]]:
    """All images of a folder (or of its test folder), or the test split of the model's own run; their targets; and for the report what is to be known of them."""
    import numpy as np

    from maskkit.images import find_samples
    from maskkit.reading import read

    run_dir = Path(arguments.model_path).parent
    if arguments.test_dir is None:
        if not _is_of_run(model, run_dir):
            raise InputError(f"{arguments.model_path} is not the model that the run in {run_dir} has left now, so that the run's test split says nothing of it; "
                             "export the model again, or give --test-dir.")
        return _own_test_split(run_dir, model.image_size, arguments.stream)
    samples = find_samples(arguments.test_dir, to_train=False)
    samples = [sample for sample in samples if sample.split == "test"] or samples
    photos = read([sample.path for sample in samples], model.image_size, stream=arguments.stream, progress=True)
    if not len(photos.kept):
        raise InputError(f"None of the {len(samples)} files in {arguments.test_dir} could be read as an image.")
    samples = [samples[index] for index in photos.kept]
    skipped = [{"name": str(path), "reason": reason} for path, reason in photos.problems.items()]
    seen = _seen_in_training(run_dir, [sample.path for sample in samples]) if _is_of_run(model, run_dir) else {}
    return photos.images, np.array([sample.target for sample in samples]), {"skipped": skipped, **seen}


def _seen_in_training(run_dir: Path, paths: Sequence[Path]) -> dict[str, object]:
    """How many of these photos the model of a run was trained or chosen on, and a warning if it was; nothing where the run folder does not say."""
    n = _photos_known_to(run_dir, paths)
    if not n:
        return {} if n is None else {"seen_in_training": 0}
    whose = f"{n} of these {len(paths)} photos are ones" if n > 1 else f"1 of these {len(paths)} photos is one"
    return {"seen_in_training": n, "warning": f"{whose} that the model was trained or chosen on, so that this accuracy says little about new photos; "
                                              "test on others, or leave --test-dir away for the test photos of its own run."}


def _photos_known_to(run_dir: Path, paths: Sequence[Path]) -> int | None:
    """How many of these photos a run was trained or chosen on; None where its folder does not say, as with drawn faces, which are no files."""
    from maskkit.splits import seen_in_training

    source = _told(run_dir, "data", "source")
    if not isinstance(source, str) or source == "synthetic":
        return None
    try:
        return seen_in_training(run_dir / "split.csv", _folder_of(source), paths)
    except (OSError, ValueError):
        return None


def _told(run_dir: Path, *keys: str) -> object:
    """What the ``config.json`` of a run says under these keys; None if it does not, or is none."""
    try:
        value = json.loads((run_dir / "config.json").read_text(encoding="utf-8"))
        for key in keys:
            value = value[key]
        return value
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _folder_of(source: str) -> Path:
    """Where the photos of a data set lie."""
    from maskkit.photos import photos_dir

    return photos_dir() if source == "photos" else Path(source)


def _leaks(dataset: Dataset, config: TrainConfig) -> list[str]:
    """A sentence for each network given (first weights, teacher) whose own run has trained on, or been chosen by, test pictures of this data set."""
    from maskkit.training import given_files

    names = [name for name, split in zip(dataset.names, dataset.split) if split == "test"]
    found = []
    for what in given_files(config):
        path = Path(getattr(config, what))
        if n := _known_to(path.parent, dataset, names):
            found.append(f"{n} of the {len(names)} test pictures {'is one' if n == 1 else 'are ones'} that the network in {path} was trained or chosen on, so that "
                         "this accuracy looks better than it is; make both runs with the same photos, --groups and --seed.")
    return found


def _known_to(run_dir: Path, dataset: Dataset, names: Sequence[str]) -> int | None:
    """How many of these pictures of ``dataset`` another run was trained or chosen on; None where its folder does not say."""
    if dataset.source != "synthetic":
        return _photos_known_to(run_dir, [_folder_of(dataset.source) / name for name in names])
    # A face is drawn from its number and these, whatever the number of faces and the size of the picture.
    same_faces = all(_told(run_dir, "data", "options", name) == dataset.options[name] for name in ("seed", "variety"))
    if _told(run_dir, "data", "source") != "synthetic" or not same_faces:
        return None
    learned = {row.get("path") for row in _rows_of_split(run_dir / "split.csv") if row.get("split") in ("train", "val")}
    return sum(name in learned for name in names)


def _is_of_run(model: SimpleNamespace, run_dir: Path) -> bool:
    """Whether a model is the one that the run in a folder has left, as far as the two say: another one may have been put, or left, there."""
    from maskkit.files import LAST, file_digest

    best, last = _told(run_dir, "weights_sha256"), run_dir / LAST
    return None in (best, model.sha256) or model.sha256 == best or last.is_file() and model.sha256 == file_digest(last)


def _own_test_split(run_dir: Path, image_size: int, stream: bool | None) -> tuple[Images, np.ndarray, dict[str, object]]:
    from maskkit.datasets import load_dataset

    try:
        data = json.loads((run_dir / "config.json").read_text(encoding="utf-8"))["data"]
        source, options, size = str(data["source"]), dict(data["options"]), data["image_size"]
    except (OSError, ValueError, LookupError, TypeError):
        raise InputError(f"There is no config.json of a run in {run_dir}, so its test split is not known; give --test-dir.") from None
    if source not in ("synthetic", "photos") and not Path(source).is_dir():
        raise InputError(f"The photos of the run in {run_dir} were in {source}, and are not there any more; bring them back, or give --test-dir.")
    if size != image_size:
        raise InputError(f"The config.json in {run_dir} is of another run, with images of {size} pixels and not of {image_size}; give --test-dir.")
    try:
        dataset = load_dataset(source, image_size=image_size, **options, stream=stream, progress=True)
    except TypeError as error:  # an option that this version has not got
        raise InputError(f"The test split of the run in {run_dir} cannot be loaded again ({error}); give --test-dir.") from error
    if source != "synthetic" and dataset.fingerprint != data.get("fingerprint") and dataset.split_rows() != _rows_of_split(run_dir / "split.csv"):
        raise InputError(f"The photos in {source} are no longer those of the run in {run_dir}, so that its test photos among them are not known; "
                         "give --test-dir with photos that it has not seen.")
    test = dataset.subset("test")
    if not len(test):
        raise InputError(f"The run in {run_dir} kept no test photos aside; give --test-dir with photos that it has not seen.")
    return test.images, test.targets.numpy(), {"skipped": [{"name": name, "reason": reason} for name, reason in dataset.skipped]}


def _rows_of_split(path: Path) -> list[dict[str, str]]:
    from maskkit.files import read_csv

    try:
        return read_csv(path)
    except (OSError, ValueError):
        return []


def _write_report(run_dir: Path, report: dict, test: Subset, y_score: np.ndarray) -> None:
    from maskkit.evaluation import confident_mistakes
    from maskkit.files import replace_file, write_json
    from maskkit.plots import plot_mistakes, show

    write_json(run_dir / "report.json", report)
    mistakes = plot_mistakes(test.images, test.targets.numpy(), y_score, confident_mistakes(test.targets.numpy(), y_score))
    with replace_file(run_dir / "mistakes.png") as temporary:
        show(mistakes).save(temporary)


def _about_groups(dataset: Dataset) -> str:
    from maskkit.splits import straddling_groups

    together = "some of them in another split" if len(straddling_groups(dataset.groups, dataset.split)) else "and stay in one split with it"
    return f"{dataset.kept_together} images have a near-duplicate (or share a group) {together}; {_about_skipped(dataset.skipped)}."


def _about_skipped(skipped: Sequence[tuple[str, str]], shown: int = 3) -> str:
    if not skipped:
        return "no file was skipped"
    names = [_shortened(name, reason) for name, reason in skipped[:shown]]
    more = f"; and {len(skipped) - shown} more (report.json lists them)" if len(skipped) > shown else ""
    return f"{len(skipped)} {'file was' if len(skipped) == 1 else 'files were'} skipped: {'; '.join(names)}{more}"


def _shortened(name: str, reason: str) -> str:
    """Name and reason, without the folder where the reason is a sentence about the whole path."""
    _, path, rest = reason.partition(f"{Path(name)} ")
    return f"{name} {rest.rstrip('.')}" if path else f"{name} ({reason})"


def _print_epoch(history: list[dict]) -> None:
    row = history[-1]
    earlier = [earlier["val_loss"] for earlier in history[:-1] if not math.isnan(earlier["val_loss"])]
    best = row["val_loss"] < min(earlier, default=math.inf)
    _say(f"epoch {row['epoch']:3}  train loss {row['train_loss']:.4f}  accuracy {row['train_accuracy']:.4f}   "
         f"val loss {row['val_loss']:.4f}  accuracy {row['val_accuracy']:.4f}   {row['images_per_second']:.0f} images/s{'  best so far' if best else ''}")


def _print_trial(row: dict) -> None:
    knobs = {name: value for name, value in row.items() if name not in ("number", "val_loss", "val_accuracy", "epoch")}
    _say(f"trial {row['number']:3}  val loss {row['val_loss']:.4f}  accuracy {row['val_accuracy']:.4f}  in epoch {row['epoch']:3.0f}   "
         + "  ".join(f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in knobs.items()))


def _same_source(arguments: argparse.Namespace) -> str:
    """The options that name the data and the network, for a command that can be copied."""
    data = f"--data-dir {shlex.quote(arguments.data_dir)}" if arguments.data_dir else f"--dataset {arguments.dataset}"
    groups = f" --groups {shlex.quote(arguments.groups)}" if arguments.groups else ""
    copies = "" if arguments.near_duplicates else " --no-near-duplicates"
    drawn = "".join(f" --{name} {getattr(arguments, name)}" for name in ("faces", "variety") if getattr(arguments, name) is not None)
    model = f" --model {arguments.model}" if hasattr(arguments, "model") else ""
    freeze = " --freeze" if hasattr(arguments, "freeze") else ""
    return f"{data}{groups}{copies}{drawn} --image-size {arguments.image_size}{model}{freeze} --recipe {arguments.recipe} --seed {arguments.seed}"


def _say_interrupted(result: FitResult, run_dir: Path) -> None:
    from maskkit.files import BEST

    if result.best_epoch:
        _say(f"Interrupted. The best model so far (epoch {result.best_epoch}) is kept in {run_dir / BEST}; add --run-dir {shlex.quote(str(run_dir))} --resume to go on.")
    else:
        _say(f"Interrupted before {'an epoch gave a loss that is a number' if result.history else 'the first epoch was done'}, so there is no model to keep.")


def _print_report(report: dict) -> None:
    low, high = report["accuracy_interval"]
    print(f"Test accuracy: {report['accuracy']:.2%} of {report['n']} images (95 % interval {low:.1%} to {high:.1%}; "
          f"always answering the larger class: {report['majority_baseline']:.1%})")
    if "warning" in report:
        print(f"Warning: {report['warning']}")
    if report["roc_auc"] is not None:
        print(f"ROC AUC: {report['roc_auc']:.4f}")
    for name, row in report["per_class"].items():
        print(f"{name:>12}: precision {row['precision']:.3f}, recall {row['recall']:.3f}, {row['support']} images")
    (tn, fp), (fn, tp) = report["confusion_matrix"]
    print(f"{fp} faces without a mask were taken for masked, {fn} masks were missed.")


def _say(text: str) -> None:
    if _is_first_process():
        print(text, file=sys.stderr, flush=True)


def _is_first_process() -> bool:
    """Whether this is the one that writes and prints; also known where torch is not loaded."""
    return os.environ.get("WORLD_SIZE", "1") == "1" or os.environ.get("RANK", "0") == "0"
