import platform
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from maskkit import runtime
from maskkit.errors import InputError


def test_one_seed_for_every_source_of_randomness():
    def draw():
        runtime.seed_everything(7)
        return random.random(), np.random.rand(), torch.rand(1).item()

    assert draw() == draw()


def test_generators_go_on_where_they_were(monkeypatch):
    # Those of GPUs are pretended: two before, one of them and Apple's afterwards.
    taken = {}
    for module, there in ((torch.cuda, "is_available"), (torch.backends.mps, "is_available")):
        monkeypatch.setattr(module, there, lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", lambda: ["first", "second"])
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state, index: taken.update({index: state}))
    monkeypatch.setattr(torch.mps, "get_rng_state", lambda: "apple")
    monkeypatch.setattr(torch.mps, "set_rng_state", lambda state: taken.update(mps=state))
    states = runtime.random_states()
    drawn = torch.rand(3)
    runtime.restore_random_states(states)
    assert torch.equal(torch.rand(3), drawn) and taken == {0: "first", "mps": "apple"}
    taken.clear()
    runtime.restore_random_states({"torch_rng": states["torch_rng"]})  # of a run of an earlier version
    assert torch.equal(torch.rand(3), drawn) and taken == {}


@pytest.mark.parametrize("cuda, mps, expected", [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")])
def test_auto_takes_the_fastest_device(monkeypatch, cuda, mps, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert runtime.resolve_device("auto").type == expected


@pytest.mark.parametrize("name", ["cuda", "mps", "toaster", "cuda:3", "meta", None])
def test_a_device_that_is_not_there(monkeypatch, name):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InputError, match=f"'{name}' is not available here; use 'auto' or one of cpu"):
        runtime.resolve_device(name)


@pytest.mark.parametrize("device, expected", [("cpu", torch.channels_last), ("cuda", torch.channels_last), ("mps", torch.contiguous_format)])
def test_channels_lie_last_where_training_comes_out_right(device, expected):
    assert runtime.memory_format(torch.device(device)) == expected


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "1", None])
def test_no_seed(seed):
    with pytest.raises(InputError, match="seed must be a whole number from 0 to 4294967295"):
        runtime.seed_everything(seed)


def test_a_seed_may_be_a_number_of_numpy():
    runtime.seed_everything(np.int64(3))
    first = random.random()
    runtime.seed_everything(3)
    assert random.random() == first


def test_versions_name_what_decides_the_numbers():
    assert runtime.versions()["torch"] == torch.__version__.split("+")[0]


@pytest.mark.skipif(not sys.platform.startswith("linux") or platform.libc_ver()[0] != "glibc", reason="only the GNU C library has the call")
def test_freed_memory_is_kept():
    code = """
import resource, numpy as np
from maskkit.runtime import keep_freed_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        np.ones(2**24)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
given_back, asked, _, kept = faults(), keep_freed_memory(), faults(), faults()
assert asked and kept < given_back / 10, (given_back, kept)
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr == ""


def test_other_systems_are_left_alone(monkeypatch):
    monkeypatch.setattr(runtime.sys, "platform", "win32")
    assert runtime.keep_freed_memory() is False


def test_ctrl_c_is_held_until_what_belongs_together_is_done(ctrl_c):
    done = []
    with pytest.raises(KeyboardInterrupt):
        with runtime.interrupts_held():
            signal.raise_signal(signal.SIGINT)
            done.append("written")
        done.append("after")
    assert done == ["written"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_interrupts_are_no_matter_of_other_threads_and_errors_pass(ctrl_c):
    def in_a_thread():
        with runtime.interrupts_held():
            return "done"

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(in_a_thread).result() == "done"
    with pytest.raises(ZeroDivisionError), runtime.interrupts_held():
        1 / 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_bfloat16_only_where_the_processor_has_it(monkeypatch):
    cpu = torch.device("cpu")
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: False, raising=False)
    assert not runtime.computes_bfloat16(cpu)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    assert runtime.computes_bfloat16(cpu) and not runtime.computes_bfloat16(torch.device("mps"))
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    assert not runtime.computes_bfloat16(torch.device("cuda"))
