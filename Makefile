# make lab    open the lessons            make test       unit tests and every notebook
# make demo   train, test, show mistakes  make notebooks  learners' copies from notebooks/solutions
# make bundle one zip for a room without Wi-Fi
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
SOLUTIONS := $(wildcard notebooks/solutions/*.ipynb)
DEMO := runs/demo

# Threads that wait should sleep: the default of GNU OpenMP is to spin, and where a browser or anything else wants the
# same two cores, training then takes three times as long. To be at hand for the next small step they stay awake for a
# moment: so many turns of a loop, or a millisecond on Windows and macOS. The numbers stay the same.
export OMP_WAIT_POLICY ?= PASSIVE
export GOMP_SPINCOUNT ?= 3000
export KMP_BLOCKTIME ?= 1

.PHONY: install lab test test-unit test-notebooks test-browser test-bundle bundle demo notebooks execute docs bench-notebooks bench-audit bench-export bench-imports bench-accuracy bench-speed bench-synthetic bench-streaming bench-few-photos bench-tuning bench-depth clean

# In a bundle the wheels lie beside, and pip is to ask nobody for them.
BUNDLED := $(wildcard wheels/made_for.json)
FROM := $(if $(BUNDLED),--no-index --find-links wheels)

# The upper end is that of the wheels which requirements.txt names: pip would say of a newer Python only that it finds no torch.
CHECK_PYTHON = $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15) and "MaskKit needs Python 3.11 to 3.14; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 $(MAKECMDGOALS)")'

# pip says so only minutes later. On Linux torch brings its CUDA libraries along, so that .venv takes 6.6 GB (du -s .venv).
CHECK_DISK = $(PYTHON) -c 'import platform, shutil, sys; free = shutil.disk_usage(".").free / 1e9; sys.exit((platform.system(), platform.machine()) == ("Linux", "x86_64") and free < 7 and f"MaskKit needs 7 GB of disk to install on Linux, and {free:.1f} GB are free here. Make room, or move this folder to a larger disk; the notebooks run on Colab, too (README.md).")'

install: $(INSTALLED)

$(INSTALLED): requirements.txt pyproject.toml
	@$(CHECK_PYTHON)
	$(if $(wildcard .venv),,@$(CHECK_DISK))
	$(if $(BUNDLED),@$(PYTHON) docs/make_bundle.py --fits)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet $(FROM) --requirement requirements.txt --editable '.[lab,export,test]'
	@touch $@

# As root (in a container) Jupyter wants to be told; where no browser can be opened it prints the address instead.
lab: $(INSTALLED)
	@flags=""; \
	[ "$$(id -u)" != 0 ] || flags="$$flags --allow-root"; \
	$(BIN)/python -c 'import webbrowser; webbrowser.get()' 2>/dev/null || flags="$$flags --no-browser"; \
	exec $(BIN)/jupyter lab $$flags --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb

# Two workers with a thread each: learners' copies in one, solutions (backwards) in the other, and the unit tests in whichever is free.
test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --nbval-lax --numprocesses 2 --dist loadscope tests notebooks

test-unit: $(INSTALLED)
	$(BIN)/python -m pytest tests

test-notebooks: $(INSTALLED)
	$(BIN)/python -m pytest --nbval-lax notebooks

# JupyterLab in a headless Chromium; skips where there is none. The package that drives it is large and no learner needs it, so it
# is installed here and not with the rest; without a network the tests skip, too.
test-browser: $(INSTALLED)
	-$(BIN)/python -m pip install --disable-pip-version-check --quiet --requirement tests/browser/requirements.txt
	$(BIN)/python -m pytest -m browser tests/browser

# The photos are put in only where whoever types the command asks for them, not where a variable of that name is about.
bundle:
	@$(CHECK_PYTHON)
	@$(PYTHON) docs/make_bundle.py $(if $(findstring command,$(origin PHOTOS)),--photos "$(PHOTOS)")

# Unpacks the bundle, and installs, trains and teaches from it in a process that has no network; skips, and says why, where there can be none.
test-bundle: $(INSTALLED) bundle
	$(BIN)/python -m pytest -m slow -rs tests/test_bundle.py

demo: $(INSTALLED)
	$(BIN)/maskkit train --dataset synthetic --faces 1500 --image-size 64 --epochs 8 --run-dir $(DEMO) --overwrite
	$(BIN)/maskkit test --model-path $(DEMO)/mask_cnn_best.pth
	@echo "Model: $(DEMO)/mask_cnn_best.pth   Report: $(DEMO)/report.json   Picture of its mistakes: $(DEMO)/mistakes.png"

# Badges and setup cells for Colab, and learners' copies: the solutions without the cells tagged "solution" and without outputs.
notebooks: $(INSTALLED)
	$(BIN)/python docs/make_colab_cells.py
	$(BIN)/jupyter nbconvert --to notebook --log-level WARN --output-dir notebooks \
		--TagRemovePreprocessor.enabled=True --TagRemovePreprocessor.remove_cell_tags solution \
		--ClearOutputPreprocessor.enabled=True $(SOLUTIONS)

# Run the solutions again and keep their outputs, then make the learners' copies.
execute: $(INSTALLED)
	TQDM_DISABLE=1 MASKKIT_STATIC_WIDGETS=1 $(BIN)/jupyter nbconvert --to notebook --execute --inplace --log-level WARN \
		--ExecutePreprocessor.store_widget_state=False --ExecutePreprocessor.record_timing=False $(SOLUTIONS)
	$(MAKE) notebooks

# The catalogue of misconceptions, from the checks.
docs: $(INSTALLED)
	$(BIN)/python -m maskkit.checks.catalogue

bench-notebooks bench-audit bench-export bench-imports bench-streaming bench-tuning bench-depth: bench-%: $(INSTALLED)
	$(BIN)/python benchmarks/$*.py

# Both need the public photos (maskkit data photos), and hours on a laptop; interrupted, bench-accuracy goes on where it was.
bench-accuracy: $(INSTALLED)
	$(BIN)/python benchmarks/accuracy.py

bench-speed: $(INSTALLED)
	$(BIN)/python benchmarks/speed.py throughput
	$(BIN)/python benchmarks/speed.py overhead
	$(BIN)/python benchmarks/speed.py prediction
	$(BIN)/python benchmarks/speed.py waiting
	$(BIN)/python benchmarks/speed.py compile
	$(BIN)/python benchmarks/speed.py time-to-accuracy

# Faces a second, and what a network that saw drawn faces alone tells on the photos.
bench-synthetic: $(INSTALLED)
	$(BIN)/python benchmarks/synthetic.py --speed
	$(BIN)/python benchmarks/synthetic.py

# The photos: maskkit data photos. Each goes on where it was interrupted, or takes a few minutes.
bench-few-photos: $(INSTALLED)
	$(BIN)/python benchmarks/few_photos.py --pretrain --draw 0 1 2 --table

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache
