"""Draws the real headlines that people label: `python tests/eval/draw.py NAME > sheet`.

NAME is `topics`, `events` or `late`: of the last weeks that the shared data has, the nearest to
the news that is yet to come.

Seeded, so that anyone with the shared data gets the same sheet; only ids and labels are kept in
the repository (`tests/eval/labels`), never the texts. Thin cells (Spanish dialogue and sanctions,
English dialogue, refusals, threats) are drawn by wide nets of stems that no rule knows of, the
rest at random.
"""

import json
import lzma
import random
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SOURCES = ("venezuela_us", "venezuela_other", "venezuela_desk_es_2026-01")
SINCE = "2025-08-01"  # before, other people were in office and other things were news
LATE = "2026-01-12"
SEED = 20261122
NETS = {
    "talk": r"dial|talk|habl|conver|llam|call|phone|met |meet|reuni|encuentr|negoci|visit|viaj|"
    r"embaj|embass|env[oi]|carta|letter|acuerdo|agree|deal|relacion|ties|diplom|invit|recib|host",
    "refuse": r"rechaz|refus|reject|neg[aoó]|descart|rule|den[yi]|suspend|romp|cancel|no habr|"
    r"cort[aó]|break|without",
    "threat": r"amenaz|threat|advert|warn|no descart|could|podr[ií]|planea|plan|prepar|consider|"
    r"evalu|opci[oó]n|option|despl|deplo|tropas|troops|buque|warship|carrier|portaav",
    "force": r"atac|ataq|attack|strik|struck|bomb|raid|seiz|incaut|aborda|board|captur|explos|"
    r"muert|kill|lancha|boat|petroler|tanker",
    "sanction": r"sanci|sanct|ofac|licen|treasur|tesoro|embarg|bloque|blockad|desbloq|frozen|"
    r"congelad|autoriz|waiver|designa|lista",
    "other": r"deport|repatri|migra|prisoner|preso|excarcel|detenid|release|indict|acusa|charge|"
    r"elecci|elect|protest|march|transici|regime|narco|drug",
}
SHEETS = {  # cell: how many (language, net)
    "topics": {
        ("es", "talk"): 90,
        ("en", "talk"): 70,
        ("es", "refuse"): 30,
        ("en", "refuse"): 30,
        ("es", "threat"): 35,
        ("en", "threat"): 35,
        ("es", "force"): 20,
        ("en", "force"): 20,
        ("es", "sanction"): 60,
        ("en", "sanction"): 20,
        ("es", ""): 45,
        ("en", ""): 45,
    },
    "events": {
        ("es", "talk"): 25,
        ("en", "talk"): 25,
        ("es", "refuse"): 15,
        ("en", "refuse"): 15,
        ("es", "threat"): 20,
        ("en", "threat"): 20,
        ("es", "force"): 30,
        ("en", "force"): 30,
        ("es", "sanction"): 20,
        ("en", "sanction"): 20,
        ("es", "other"): 30,
        ("en", "other"): 30,
        ("es", ""): 25,
        ("en", ""): 25,
    },
    "late": {
        ("es", "talk"): 45,
        ("en", "talk"): 45,
        ("es", "threat"): 20,
        ("en", "threat"): 20,
        ("es", "force"): 30,
        ("en", "force"): 30,
        ("es", "sanction"): 45,
        ("en", "sanction"): 45,
        ("es", ""): 150,
        ("en", ""): 90,
    },
}


def folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c))))


def labelled() -> set[str]:
    """The titles that the shared data has labels for, folded."""
    return {
        folded(json.loads(line)["title"])
        for path in (SHARED / "labelled").glob("*.jsonl")
        for line in path.open(encoding="utf-8")
    }


def pool() -> Iterator[dict]:
    """Each headline once, with its language, date and id, from the sources in their order."""
    seen = labelled()
    for source in SOURCES:
        with lzma.open(SHARED / "unlabelled" / f"{source}.jsonl.xz", "rt", encoding="utf-8") as f:
            for item in map(json.loads, f):
                date = (item.get("published") or item.get("date") or "")[:10]
                language = item.get("language") or item.get("lang")
                key = folded(item["title"])
                if date < SINCE or key in seen or language not in ("en", "es"):
                    continue
                seen.add(key)
                lead = " ".join((item.get("text") or "").split())[:300]
                yield {
                    "id": item["id"],
                    "language": language,
                    "date": date,
                    "title": item["title"],
                    "lead": lead,
                }


def draw(sheet: str) -> list[dict]:
    """The items of one sheet, in random order; no item stands on two sheets."""
    chance = random.Random(SEED)
    items = list(pool())
    chance.shuffle(items)
    taken: set[str] = set()
    sheets: dict[str, list[dict]] = {}
    for name, cells in SHEETS.items():
        sheets[name] = []
        for (language, net), many in cells.items():
            fits = re.compile(NETS.get(net, ""), re.IGNORECASE)
            found = (
                item
                for item in items
                if item["id"] not in taken
                and (name != "late" or item["date"] >= LATE)
                and item["language"] == language
                and fits.search(item["title"])
            )
            chosen = [item for item, _ in zip(found, range(many), strict=False)]
            taken.update(item["id"] for item in chosen)
            sheets[name] += chosen
        chance.shuffle(sheets[name])
    return sheets[sheet]


if __name__ == "__main__":
    for drawn in draw(sys.argv[1]):
        sys.stdout.write(json.dumps(drawn, ensure_ascii=False) + "\n")
