"""What content systems write around an article. Pure.

The phrases are those of WordPress above all, in English and Spanish, whatever the subject; they
were collected from pages that trafilatura left them in.
"""

import re

from monitor.core.quality import SHORT, count

LABEL_LIMIT = 60  # characters of a line that may be furniture
LIST_LINE_LIMIT = 200  # characters of a line in a table of contents

_CONTENTS = re.compile(
    r"(?:table of contents|contents|in this article|índice|índice de contenidos?|"
    r"tabla de contenidos?|contenidos?|en este artículo)\s*:?",
    re.IGNORECASE,
)
_SURELY_CONTENTS = re.compile(r"table of|tabla de|índice de", re.IGNORECASE)  # even with no list
_REPLY = re.compile(
    r"(?:leave a (?:comment|reply)|post a comment|join the conversation|comments?|"
    r"dej[ae] (?:un comentario|una respuesta|tu comentario)|deja una respuesta cancelar.*|"
    r"leave a reply cancel reply|comentarios?|cancel reply|cancelar respuesta)\s*:?",
    re.IGNORECASE,
)
_FURNITURE = re.compile(
    r"(?:- )?(?:scroll to top|back to top|skip to (?:main )?content|"
    r"volver arriba|ir al contenido|"
    r"your email address will not be published.*|required fields are marked.*|"
    r"(?:tu|su) dirección de correo electrónico no será publicada.*|"
    r"los campos (?:obligatorios|necesarios|requeridos) están marcados.*|"
    r"save my name, email,? and website in this browser.*|"
    r"guard[ae] mi nombre, correo electrónico y web en este navegador.*|"
    r"click to (?:share|email|print).*|haz clic para (?:compartir|imprimir|enviar).*|"
    r"share (?:this|on|via)(?: (?:article|post|story|facebook|twitter|x|linkedin|whatsapp|"
    r"telegram|email|pinterest|reddit|:))*\s*:?|"
    r"(?:share|tweet|email|print|facebook|twitter|whatsapp|telegram|linkedin|pinterest|copy link|"
    r"link copied!?|compartir|comparte|imprimir|copiar enlace)|"
    r"compart(?:e|ir) (?:esto|en|por)(?: (?:facebook|twitter|x|linkedin|whatsapp|telegram|:))*|"
    r"like loading\.*|me gusta cargando\.*|loading\.*|cargando\.*|"
    r"advertisement|advertising|publicidad|anuncio|- advertisement -|- publicidad -|"
    r"related posts?:?|entradas relacionadas:?|previous post|next post|"
    r"entrada (?:anterior|siguiente))",
    re.IGNORECASE,
)


def without_boilerplate(text: str, *, title: str | None) -> str:
    """Drop furniture lines, tables of contents, the comment form, and the title repeated on top."""
    lines = [line for line in text.split("\n") if not _furniture(line)]
    lines = _before_comments(_without_contents(lines))
    if lines and title and lines[0].casefold() == title.casefold():
        lines = lines[1:]
    return "\n".join(lines)


def _furniture(line: str) -> bool:
    return bool(_FURNITURE.fullmatch(line)) if len(line) <= 3 * LABEL_LIMIT else False


def _without_contents(lines: list[str]) -> list[str]:
    """Drop a "Table of Contents" label with the list below it; the headings stay in the text."""
    kept: list[str] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        if len(line) > LABEL_LIMIT or not _CONTENTS.fullmatch(line):
            kept.append(line)
            continue
        listed = position
        while listed < len(lines) and _in_contents(lines[listed], lines[listed + 1 :]):
            listed += 1
        if listed == position and not _SURELY_CONTENTS.match(line):
            kept.append(line)
        position = listed
    return kept


def _in_contents(line: str, later: list[str]) -> bool:
    """A list line, or a line that stands again further down as a heading."""
    if len(line) > LIST_LINE_LIMIT:
        return False
    return line.startswith("- ") or line.lstrip("0123456789. ") in later


def _before_comments(lines: list[str]) -> list[str]:
    """Cut from a comment form's heading on, if only a few words follow it."""
    for position in range(len(lines) - 1, max(len(lines) - 30, -1), -1):
        if _REPLY.fullmatch(lines[position]) and count(" ".join(lines[position:])) < SHORT:
            lines = lines[:position]
    return lines
