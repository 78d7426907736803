"""The house stands as architecture says: its contracts hold, and each of them bites."""

import ast
import json
import re
import shutil
import subprocess
import sysconfig
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.settings import Settings

ROOT = Path(__file__).parents[2]
BIN = Path(sysconfig.get_path("scripts"))
OURS = ("schemas", "streams", "alerts", "api", "producers", "infra")

# contract, file of the offence, what it says, what else must exist for it to be one
OFFENCES = [
    ("downwards", "schemas/toy.py", "import streams.core", ()),
    ("downwards", "streams/core/toy.py", "from streams import ports", ()),
    ("downwards", "streams/stages/toy.py", "import infra.db", ()),
    ("downwards", "infra/db/toy.py", "import producers", ()),
    ("downwards", "producers/toy.py", "import api", ()),
    ("downwards", "alerts/policy/toy.py", "import streams.core", ("alerts/policy/__init__.py",)),
    ("pure", "schemas/toy.py", "from pathlib import Path", ()),
    ("pure", "streams/core/toy.py", "def f():\n    import time", ()),
    ("pure", "streams/stages/toy.py", "import sqlalchemy.orm", ()),
    ("pure", "alerts/cap.py", "from random import choice", ()),
    ("vault", "api/toy.py", "import infra.vault", ("infra/vault.py",)),
    ("vault", "streams/stages/toy.py", "import infra.vault", ("infra/vault.py",)),
    ("kit", "producers/kit/toy.py", "import streams.core", ("producers/kit/__init__.py",)),
    ("kit", "producers/kit/toy.py", "import infra.settings", ("producers/kit/__init__.py",)),
    ("channels", "alerts/channels/toy.py", "import infra.clock", ("alerts/channels/__init__.py",)),
    ("map-of-streams", "streams/toy.py", "", ()),
    ("map-of-alerts", "alerts/toy.py", "", ()),
    ("map-of-producers", "producers/toy.py", "", ()),
    ("map-of-infra", "infra/toy.py", "", ()),
]


@cache
def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _lint_imports(house: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "lint-imports", "--no-cache", *options], cwd=house, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def copied_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    house = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", house)
    for package in OURS:
        shutil.copytree(
            ROOT / package,
            house / package,
            ignore=lambda folder, names: (
                [name for name in names if (Path(folder) / name).is_file() and not name.endswith(".py")]
                + [name for name in names if name == "__pycache__"]
            ),
        )
    return house


@pytest.fixture
def house(copied_house: Path) -> Iterator[Path]:
    """Lend a copy of the tree, and take away afterwards what a test has put there."""
    before = set(copied_house.rglob("*"))
    kept = {path: path.read_bytes() for path in before if path.is_file()}
    yield copied_house
    for path in sorted(set(copied_house.rglob("*")) - before, reverse=True):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
    for path, content in kept.items():
        path.write_bytes(content)


def _write(path: Path, content: str = "") -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")


def test_the_contracts_hold() -> None:
    checked = _lint_imports(ROOT)
    assert checked.returncode == 0, checked.stdout
    assert f"{len(_pyproject()['tool']['importlinter']['contracts'])} kept, 0 broken" in checked.stdout


@pytest.mark.parametrize(("contract", "file", "content", "others"), OFFENCES)
def test_an_offending_import_breaks_its_contract(
    house: Path, contract: str, file: str, content: str, others: tuple[str, ...]
) -> None:
    module = file.removesuffix(".py").replace("/", ".")
    for other in others:
        _write(house / other)
    _write(house / file, content)
    checked = _lint_imports(house, "--contract", contract)
    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert "0 kept, 1 broken" in checked.stdout
    assert module in checked.stdout


def test_every_contract_has_an_offence_that_breaks_it() -> None:
    contracts = {contract["id"] for contract in _pyproject()["tool"]["importlinter"]["contracts"]}
    assert contracts == {offence[0] for offence in OFFENCES}


def test_the_six_packages_are_all_there_is() -> None:
    with_python = {path.parent.name for path in ROOT.glob("*/*.py")} - {"tests"}
    assert with_python == set(OURS)
    assert set(_pyproject()["tool"]["importlinter"]["root_packages"]) == set(OURS)
    assert set(_pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(OURS)
    assert not list(ROOT.glob("*.py"))
    assert all((ROOT / package / "py.typed").exists() for package in OURS)


@pytest.mark.parametrize("package", OURS)
def test_a_top_package_imports_nothing_itself(package: str) -> None:
    """The layers name what is inside it, so an import of its own would escape them."""
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for package in OURS for path in (ROOT / package).rglob("*.py")}
    # Alembic runs the scripts in `versions` one by one; it never imports them as a package.
    assert not [folder for folder in folders if not (folder / "__init__.py").exists() and folder.name != "versions"]


def test_no_module_has_the_name_of_a_dependency() -> None:
    wanted = {canonicalize_name(requirement.name).replace("-", "_") for requirement in _requirements("server")}
    modules = {path.stem for package in OURS for path in (ROOT / package).rglob("*.py")}
    modules |= {path.name for package in OURS for path in (ROOT / package).rglob("*") if path.is_dir()}
    assert not modules & (wanted | {"faust", "kafka", "yaml"})


@pytest.mark.parametrize(
    "call",
    [
        "import time\n\ntime.time()",
        "import time\n\ntime.time_ns()",
        "from datetime import UTC, datetime\n\ndatetime.now(UTC)",
        "from datetime import datetime\n\ndatetime.utcnow()",
        "import datetime\n\ndatetime.date.today()",
    ],
)
def test_only_the_clock_reads_the_wall_clock(call: str) -> None:
    assert "TID251" in _ruff_codes(call, "streams/hosts/toy.py")
    assert "TID251" in _ruff_codes(call, "tests/unit/test_toy.py")
    assert "TID251" not in _ruff_codes(call, "infra/clock.py")


def _ruff_codes(source: str, file_name: str) -> set[str]:
    checked = subprocess.run(
        [BIN / "ruff", "check", "--no-cache", "--output-format=json", f"--stdin-filename={file_name}", "-"],
        cwd=ROOT,
        input=source,
        capture_output=True,
        text=True,
        check=False,
    )
    return {fault["code"] for fault in json.loads(checked.stdout)}


def test_every_ban_says_what_to_do_instead() -> None:
    bans = _pyproject()["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
    assert all("infra.clock.Clock" in ban["msg"] or "infra/clock.py" in ban["msg"] for ban in bans.values())


def _requirements(*extras: str) -> list[Requirement]:
    project = _pyproject()["project"]
    texts = [*project["dependencies"], *(text for extra in extras for text in project["optional-dependencies"][extra])]
    return [Requirement(text) for text in texts]


def _locked(name: str) -> dict[str, list[str]]:
    """Return the versions that a lock file has of each package; more than one where Pythons differ."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([\w.-]+)==([^ ;]+)", line):
            found.setdefault(canonicalize_name(match[1]), []).append(match[2])
    return found


@pytest.mark.parametrize(("lock", "extras"), [("run.txt", ("server",)), ("development.txt", ("server", "development"))])
def test_the_lock_fits_the_project(lock: str, extras: tuple[str, ...]) -> None:
    locked = _locked(lock)
    unfit = [
        str(wanted)
        for wanted in _requirements(*extras)
        if not any(wanted.specifier.contains(version) for version in locked.get(canonicalize_name(wanted.name), []))
    ]
    assert not unfit, "run `make lock`"


def test_development_has_what_runs() -> None:
    development = _locked("development.txt")
    assert {name: versions for name, versions in development.items() if name in _locked("run.txt")} == _locked(
        "run.txt"
    )


@pytest.mark.parametrize("lock", ["run.txt", "development.txt", "build.txt"])
def test_a_lock_has_hashes_and_names_no_host(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    pinned = re.findall(r"^\S+==.*(?:\\\n.*)+", text, flags=re.MULTILINE)
    assert len(pinned) == sum(len(versions) for versions in _locked(lock).values())
    assert all("--hash=sha256:" in pin for pin in pinned)
    assert "://" not in text
    assert "--index" not in text


def test_the_example_of_settings_has_them_all() -> None:
    named = re.findall(r"^#? ?BELLWETHER_(\w+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    assert named == [name.upper() for name in Settings.model_fields]


def test_the_example_of_settings_is_what_holds_without_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"BELLWETHER_{name.upper()}", raising=False)
    without = Settings()
    shutil.copy(ROOT / ".env.example", tmp_path / ".env")
    assert Settings() == without


def _pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", _pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert not [target for target in targets if "://" not in target and not (page.parent / target).exists()]


def test_decisions_are_numbered_and_in_one_form() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in decisions] == list(range(1, len(decisions) + 1))
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in decisions:
        headings = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert headings == ["Status", "Context", "Decision", "Consequences"], page.name
        assert f"adr/{page.name}" in index, page.name


def test_make_help_lists_every_target_for_people() -> None:
    command = ["make", "--no-print-directory", "help"]  # it may run under a make, which would say where it is
    helped = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == {line.split()[1] for line in helped.splitlines()}


def test_continuous_integration_lets_nothing_be_skipped() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "set -euo pipefail" in script
    assert "export BELLWETHER_REQUIRE_ALL=1" in script
