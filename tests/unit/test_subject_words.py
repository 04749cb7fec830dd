"""What is known about the subject watched lives in config/: the program knows no subject."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "monitor"
STARTER = PACKAGE / "_starter"  # config/ as the wheel carries it

# Beginnings of words: "venezuel" finds Venezuela and venezuelan.
SUBJECT_WORDS = (
    "bolivarian",
    "cabello",
    "capriles",
    "caracas",
    "chavez",
    "chávez",
    "chavis",
    "chevron",
    "citgo",
    "delcy",
    "guaido",
    "guaidó",
    "maduro",
    "marco rubio",
    "maracaibo",
    "miraflores",
    "ofac",
    "orinoco",
    "pdvsa",
    "rubio",
    "southcom",
    "tren de aragua",
    "trump",
    "venezolan",
    "venezuel",
)
PATTERN = re.compile(rf"\b(?:{'|'.join(SUBJECT_WORDS)})", re.IGNORECASE)


def lines_about_the_subject(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8", errors="replace")
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for number, line in enumerate(text.splitlines(), start=1)
        if PATTERN.search(line)
    ]


def package_files() -> list[Path]:
    return [
        path
        for path in sorted(PACKAGE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and STARTER not in path.parents
    ]


def test_no_word_of_the_subject_stands_in_the_package() -> None:
    found = [line for path in package_files() for line in lines_about_the_subject(path)]
    assert not found, "subject knowledge belongs in config/:\n" + "\n".join(found)


def test_no_file_of_the_package_is_named_after_the_subject() -> None:
    names = [str(path.relative_to(ROOT)) for path in package_files()]
    assert not [name for name in names if PATTERN.search(Path(name).stem.replace("_", " "))]


def test_the_package_is_really_being_read() -> None:
    assert PACKAGE / "core" / "model.py" in package_files()
