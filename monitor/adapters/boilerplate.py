"""What stands around an article, and pages that are no article. Pure.

The phrases are what content systems (WordPress above all) and consent or payment walls write in
English and Spanish, whatever the subject; they were collected from pages that trafilatura left
them in.
"""

import re

from monitor.core.model import Completeness

SHORT = 60  # words; with fewer a page gave no more than a summary
WALL = 250  # words; an article longer than this is no wall, whatever it mentions
LABEL_LIMIT = 60  # characters of a line that may be furniture
LIST_LINE_LIMIT = 200  # characters of a line in a table of contents
COOKIE_CUES = 3  # different consent phrases that make a short page a cookie wall

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

_COOKIE = re.compile(
    r"accept (?:all|cookies)|reject all|manage (?:cookies|preferences|consent)|cookie policy|"
    r"we use cookies|our partners|personal data|legitimate interest|withdraw your consent|"
    r"your (?:privacy|consent)|aceptar (?:todo|cookies|todas)|rechazar (?:todo|todas)|"
    r"política de cookies|utilizamos cookies|usamos cookies|nuestros socios|datos personales|"
    r"interés legítimo|su consentimiento|tu consentimiento|tu privacidad|su privacidad",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"subscribe (?:now )?to (?:continue|keep|read)|to continue reading|"
    r"continue reading (?:with|your)|"
    r"already (?:a subscriber|have an account|a member)|"
    r"log ?in to (?:read|continue)|"
    r"sign in to (?:read|continue)|(?:article|content|story) is (?:exclusively |only |reserved )?"
    r"(?:for|available to) (?:our )?(?:subscribers|members)|subscriber[- ]only|subscribers only|"
    r"unlock this article|register to (?:read|continue)|para (?:seguir|continuar) leyendo|"
    r"suscr[ií]b(?:ete|ase|irse) para|(?:exclusiv[oa]|solo|sólo|reservad[oa]) (?:es )?para "
    r"(?:nuestros )?(?:suscriptores|socios)|¿ya (?:eres|es) suscriptor|inicia(?:r)? sesión para|"
    r"regístrate (?:gratis )?para (?:leer|seguir)|contenido premium",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"^\W*(?:(?:error )?(?:40[0134]|410|429|50[0234])\b|not found|"
    r"(?:page|article) (?:was |is )?not (?:found|available)|"
    r"access denied|forbidden|just a moment|attention required|"
    r"are you a (?:robot|human)|service unavailable|bad gateway|internal server error|"
    r"too many requests|página no (?:encontrada|disponible|existe)|no encontrad[oa]|"
    r"acceso denegado|servicio no disponible|un momento)|"
    r"(?:page|página) (?:not found|no encontrada)|verify (?:that )?you are (?:a )?human|"
    r"(?:checking|verifying) your browser|enable javascript and cookies to continue|"
    r"(?:page|article) you (?:are looking for|requested) (?:could not|cannot|does not|doesn.t)|"
    r"la página que (?:buscas?|intentas?) ",
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
        if _REPLY.fullmatch(lines[position]) and _words(" ".join(lines[position:])) < SHORT:
            lines = lines[:position]
    return lines


def judge(*, title: str | None, text: str, free: bool) -> tuple[Completeness, str]:
    """How much of an article this is, and why not more: see `Page.quality`.

    `free` is False where the publisher marks the page as paid for. A wall's text is not used;
    a teaser counts as a summary.
    """
    words = _words(text)
    if words < WALL:
        if _ERROR.search(title or "") or (words < SHORT * 2 and _ERROR.search(text)):
            return Completeness.TITLE, "error page"
        if len({cue.casefold() for cue in _COOKIE.findall(text)}) >= COOKIE_CUES:
            return Completeness.TITLE, "cookie wall"
        if _PAYWALL.search(text) or not free:
            return _part(words), "paywall"
    elif _PAYWALL.search(text[-500:]) and not free:
        return Completeness.SUMMARY, "paywall"
    if not text:
        return Completeness.TITLE, "empty"
    return (Completeness.FULL, "ok") if words >= SHORT else (_part(words), "too short")


def _part(words: int) -> Completeness:
    return Completeness.SUMMARY if words > 0 else Completeness.TITLE


def _words(text: str) -> int:
    """Words; where a script writes none apart (Chinese, Japanese), two letters count as one."""
    dense = sum(1 for letter in text if "\u3040" <= letter <= "\u9fff")
    return len(text.split()) + dense // 2
