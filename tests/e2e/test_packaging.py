"""What is shipped: the wheel, the lists of versions, the unit."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
RUN_LIST = ROOT / "requirements" / "run.txt"
DEV_LIST = ROOT / "requirements" / "dev.txt"
UNIT = ROOT / "systemd" / "monitor.service"
EXPOSURE_LIMIT = 1.5  # of systemd-analyze security; 0 is locked in, 10 is unprotected


# --- the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    build = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([sys.executable, "-m", *build, str(target), str(ROOT)], check=True)
    return next(target.glob("media_monitor-*.whl"))


@pytest.fixture(scope="module")
def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def tracked_style(folder: Path) -> set[str]:
    """The files of a folder as they lie there, without what Python leaves behind."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize(
    ("folder", "inside"), [("config", "monitor/_starter"), ("migrations", "monitor/_migrations")]
)
def test_the_wheel_carries_what_stands_beside_the_package(
    contents: set[str], folder: str, inside: str
) -> None:
    carried = {name.removeprefix(f"{inside}/") for name in contents if name.startswith(inside)}
    assert tracked_style(ROOT / folder) <= carried


def test_the_wheel_carries_the_licence_and_the_types_and_no_tests(contents: set[str]) -> None:
    assert "monitor/py.typed" in contents
    assert any(name.endswith("licenses/LICENSE") for name in contents)
    assert not [name for name in contents if name.startswith(("tests/", "bench/"))]


def test_the_wheel_carries_no_secrets(contents: set[str]) -> None:
    assert not [name for name in contents if "secret" in name.split("/")[-1] and ".py" not in name]
    assert not [name for name in contents if name.startswith("monitor/_starter/secrets")]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the unpacked wheel and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    install = ["pip", "install", "--quiet", "--no-deps", "--target", str(folder), str(wheel)]
    subprocess.run([sys.executable, "-m", *install], check=True)
    return folder


def call(installed: Path, *words: str, where: Path) -> subprocess.CompletedProcess[str]:
    """The wheel's own `monitor`, from another directory, with the libraries of this environment."""
    environment = {key: value for key, value in os.environ.items() if key != "MONITOR_CONFIG"}
    return subprocess.run(
        [sys.executable, "-m", "monitor", *words],
        cwd=where,
        env=environment | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_runs_from_the_wheel_is_the_wheel(installed: Path, tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import monitor; print(monitor.__file__)"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == str(installed / "monitor" / "__init__.py")


def test_the_wheels_starter_configuration_is_good(installed: Path, tmp_path: Path) -> None:
    starter = installed / "monitor" / "_starter"
    shutil.copytree(starter, tmp_path / "config")
    result = call(installed, "check", "--config", "config", where=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_wheel_makes_a_database_without_a_checkout(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(installed / "monitor" / "_starter", tmp_path / "config")
    result = call(installed, "migrate", "--config", "config", where=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert list(tmp_path.rglob("monitor.db"))


# --- the lists


def pins(listed: Path) -> dict[str, str]:
    """Name to version of everything a list holds."""
    found = re.findall(r"^([a-z0-9-]+)==(\S+)", listed.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(found)


def project() -> dict[str, list[str]]:
    """The requirements of pyproject.toml under the name of the list that must meet them."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    run = [
        *table["build-system"]["requires"],
        *table["project"]["dependencies"],
        *table["project"]["optional-dependencies"]["postgresql"],
    ]
    return {"run": run, "dev": [*run, *table["dependency-groups"]["dev"]]}


@pytest.mark.parametrize(("name", "listed"), [("run", RUN_LIST), ("dev", DEV_LIST)])
def test_a_list_meets_every_bound_of_the_project(name: str, listed: Path) -> None:
    pinned = pins(listed)
    for line in project()[name]:
        wanted = Requirement(line)
        key = re.sub(r"[._]", "-", wanted.name.lower())
        assert key in pinned, f"{key}: call make lock"
        assert wanted.specifier.contains(pinned[key]), f"{key} {pinned[key]}: call make lock"


def test_both_lists_hold_the_same_versions() -> None:
    assert pins(RUN_LIST).items() <= pins(DEV_LIST).items()


@pytest.mark.parametrize("listed", [RUN_LIST, DEV_LIST])
def test_a_list_holds_hashes_and_no_address(listed: Path) -> None:
    text = listed.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash=sha256:)", text, re.MULTILINE)
    assert text.count("==") <= text.count("--hash=sha256:")


def test_every_dependency_says_where_it_begins_and_ends() -> None:
    for line in project()["run"]:
        wanted = Requirement(line)
        operators = {part.operator for part in wanted.specifier}
        assert ">=" in operators, line
        assert "<" in operators or wanted.name == "tzdata", line  # the newest zones are wanted


# --- the service


def settings_of_unit() -> dict[str, str]:
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def test_the_unit_runs_what_the_install_note_installs() -> None:
    unit = settings_of_unit()
    note = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert unit["ExecStart"] == "/opt/monitor/bin/monitor run --config /etc/monitor"
    assert "python3 -m venv /opt/monitor" in note
    assert "monitor init /etc/monitor" in note
    assert f"/var/lib/{unit['StateDirectory']}" in note
    assert "--no-create-home" in note
    assert unit["User"] == "monitor"


def test_the_unit_does_not_restart_on_a_wrong_configuration() -> None:
    assert settings_of_unit()["RestartPreventExitStatus"] == "78"


def test_the_unit_is_locked_in() -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not on this machine")
    analyzed = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", analyzed.stdout)
    assert found, analyzed.stdout + analyzed.stderr
    assert float(found[1]) <= EXPOSURE_LIMIT
