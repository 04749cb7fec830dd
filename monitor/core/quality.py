"""How much of an article a page gave, and why not more. Pure.

Structure comes first: who is spoken to, how a text ends, what share of it speaks of consent. The
wordings are families that consent, payment and anti-bot vendors and content systems share in
English and Spanish, whatever the subject.
"""

import re
from dataclasses import dataclass, replace

from monitor.core import refrains
from monitor.core.model import Completeness, Page

SHORT = 60  # words; with fewer a page gave no more than a summary
BRIEF = 25  # words that are a whole article, where the page says that it is one
SENTENCE = 8  # words of a line that is no menu entry or caption
NOTICE = 120  # words; an error page or a bot check is no longer
WALL = 250  # words; an article longer than this is no teaser, whatever it mentions
PROMISED = 0.5  # share of the words that the publisher counts, below which a text is a part
NEARLY = 0.15  # by how much a publisher's count of characters may differ from ours
MOSTLY = 0.5  # share of a text's words in lines on consent that makes it a cookie wall
CONSENT_CUES = 3  # families of wordings that such lines must show together
CONSENT = 3_000  # characters at the beginning of a text in which a cookie wall has shown itself
OPENING = 200  # characters in which an error page says what it is
ENDING = 400  # characters in which a teaser asks for money
SAME = 0.9  # share of the words that stood on earlier pages: nothing of this page is its own

_CONSENT = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bcookies?\b|tracking technolog|tecnologías de (?:rastreo|seguimiento)",
        r"\b(?:accept|agree|consent|acept[aeo]\w*|consiente\w*|consentir|consentimiento)\b",
        (
            r"\b(?:reject|decline|refuse|opt[ -]out|manage|withdraw|preferences|settings|rechaz\w+|"
            r"gestion\w+|configur\w+|retir\w+|preferencias|ajustes|revo\w+)\b"
        ),
        r"\b(?:partners|vendors|third[ -]part\w+|socios|proveedores|terceros)\b",
        r"personal data|privacy|datos personales|privacidad|identifiers|identificadores",
        (
            r"legitimate interest|interés legítimo|personali[sz]ed|personalizad\w+|measurement|"
            r"medición|on (?:a|your) device|en (?:un|su|tu|el) dispositivo|advertis\w+|publicidad"
        ),
    )
)
_TO_THE_READER = re.compile(  # a wall speaks to its reader, news about consent does not
    r"\bwe(?:,? and our| use| value| care| need| store| process| ask)\b|\bour (?:\d+ )?partners\b|"
    r"\byou(?:r)? (?:can|may|agree|choice|choices|consent|privacy|device|preferences|personal)\b|"
    r"\b(?:by )?click(?:ing)?\b|\b(?:utilizamos|usamos|necesitamos|valoramos|tratamos)\b|"
    r"\bnosotros y (?:nuestros|terceros)\b|\bnuestros (?:\d+ )?socios\b|"
    r"\b(?:tu|tus|su|sus) (?:privacidad|consentimiento|preferencias|dispositivo|elección)\b|"
    r"\bha(?:ga|z) clic|al hacer clic|\bpuedes?\b",
    re.IGNORECASE,
)

_CONTINUE = (  # to do something in order to go on reading, whatever has to be done
    r"(?:to|and) (?:continue|keep|finish|go on) (?:reading|with (?:this|the|your))|"
    r"to (?:read|view|access|unlock|see) (?:the )?(?:rest|full|whole|entire|complete|more of)|"
    r"(?:subscribe|register|sign (?:in|up)|log ?in|join|upgrade)(?: now| today| free| for free)? "
    r"(?:to|and) (?:continue\b(?! to)|keep reading|read (?:this|the|more)|unlock|access th)|"
    r"continue reading (?:with|your|for)|read the full (?:story|article) (?:with|by|in our)|"
    r"unlock (?:this|the full|full) (?:article|story|access)|"
    r"para (?:seguir|continuar) (?:leyendo|la lectura|con la lectura)|"
    r"para (?:leer|ver|acceder a|desbloquear) (?:el|la|esta|este|todo|toda)?\s?(?:resto|"
    r"(?:nota|noticia|artículo|contenido|texto|historia) complet[oa]|artículo|nota|contenido)|"
    r"(?:suscr[ií]b|regístr|inicia|hazte)\S*(?: \S+){0,3} (?:para|y) "
    r"(?:leer|(?:seguir|sigue|continuar|continúa) (?:leyendo|con)|acced\w+ a|desbloque\w+)|"
    r"sigue leyendo (?:con|por)|desbloquea (?:este|esta|el|la)"
)
_RESERVED = (
    r"(?:article|content|story|page|section) is (?:exclusively |only |reserved |available )*"
    r"(?:for|to) (?:our |paying |registered )?(?:subscribers|members)|subscriber[- ]only|"
    r"(?:for )?(?:subscribers|members)[ -]only|exclusive (?:to|for) (?:our )?(?:subscribers|"
    r"members)|"
    r"already (?:a|an) (?:subscriber|member)|already (?:have an account|subscribed|registered)|"
    r"(?:you(?:'ve| have)|you’ve) (?:reached|used|read) (?:your|all|the)\b.{0,40}"
    r"(?:articles?|limit|stories)|"
    r"(?:exclusiv[oa]s?|solo|sólo|reservad[oa]) (?:es )?para (?:nuestros |nuestras )?"
    r"(?:suscriptor|socio|abonado|usuarios registrados)|"
    r"¿?ya (?:eres|es|soy) (?:suscriptor|socio|abonado)|¿?ya (?:tienes|tiene) (?:una )?cuenta|"
    r"has? (?:alcanzado|llegado al?|agotado|leído)(?: (?:el|tu|su|tus|sus|todos))?\b.{0,40}"
    r"(?:límite|artículos)|contenido (?:premium|exclusivo)"
)
_PAYWALL = re.compile(f"{_CONTINUE}|{_RESERVED}", re.IGNORECASE)
_ASKS = re.compile(_CONTINUE, re.IGNORECASE)
_LOGIN = re.compile(
    r"forgot(?:ten)? (?:your |my )?password|remember me|olvid(?:ó|aste|é) (?:su|tu|mi|la) "
    r"contraseña|recuérdame|recordarme|create (?:an|your) account|crear? (?:una|tu|su) cuenta",
    re.IGNORECASE,
)
_SIGN_IN = re.compile(
    r"(?:sign|log) ?in|inici(?:a|e|ar) sesión|acceso|identifíca(?:te|se)", re.IGNORECASE
)
_CUT_SHORT = re.compile(r"(?:\[?(?:…|\.\.\.|&hellip;)\]?|\[\+\d+ \w+\])\s*$")
_ENDED = re.compile(r"[.!?…][\"'”’»)\]]*\s*(?:\(?[A-ZÁÉÍÓÚ]{2,6}\)?\.?)?\s*$")

_STATUS = r"(?:http )?(?:error |código )*(?:40[0134]|410|429|451|50[0234])"
_REASON = (
    r"error|(?:the |this )?(?:page|article|content|story)?\s?(?:was |is |can(?:no|')t be |"
    r"could not be )?(?:not |un)(?:found|available)|nothing (?:was )?found|bad request|"
    r"access (?:to this page )?(?:has been )?(?:denied|blocked)|forbidden|unauthorized|"
    r"(?:service|site|website|page)(?: is)?(?: temporarily)? unavailable|bad gateway|"
    r"(?:internal )?server error|gateway time-?out|too many requests|"
    r"(?:\S+ )?(?:site |website )?(?:is )?(?:down for |under )(?:scheduled )?maintenance|"
    r"(?:scheduled )?maintenance(?: mode)?|we(?:'ll|’ll| will) be (?:right )?back(?: soon)?\W*|"
    r"(?:la |esta )?(?:página|nota|noticia|artículo|contenido)?\s?no "
    r"(?:encontrad[oa]|disponible|existe|se (?:encuentra|encontró|ha encontrado|pudo encontrar))|"
    r"nada encontrado|no se encontró la página|acceso (?:denegado|prohibido|bloqueado)|"
    r"servicio no disponible|"
    r"error (?:interno )?del servidor|(?:sitio |web |página )?en mantenimiento|"
    r"mantenimiento(?: programado)?|volvemos (?:pronto|enseguida)|"
    r"demasiadas (?:solicitudes|peticiones)|(?:account|site|website) suspended|"
    r"(?:cuenta|sitio) suspendid[oa]|error (?:establishing|connecting|al establecer)\b.{0,40}"
)
_ERROR_TITLE = re.compile(  # the first part of a title, all of it
    rf"{_STATUS}(?:\W+(?:gone|{_REASON}))?|{_REASON}|"
    r"(?:oops|ups|whoops)[!.,…]+(?: .{0,60})?|(?:lo sentimos|sorry)[!.,…]*",
    re.IGNORECASE,
)
_ERROR_TEXT = re.compile(
    r"(?:page|article|content|story|link|address|url|file|document)s? (?:that )?"
    r"(?:you(?:'re| are| were|’re)? (?:looking|requested|tried|trying|followed)|requested)"
    r"[^.]{0,60}(?:not|n.t\b|no longer|moved|removed|deleted|missing|unavailable)|"
    r"(?:could ?n.t|could not|can ?not|can.t|unable to) (?:find|locate|load) "
    r"(?:the|that|this|your) (?:page|article|content|address|url)|"
    r"(?:page|article|content|story) (?:was|is|has been|could|can|does)? ?"
    r"(?:not|n.t|no longer) (?:be )?(?:found|available|exists?)\b|"
    r"(?:página|nota|noticia|dirección|url|artículo|contenido|enlace) (?:a la |al )?que "
    r"(?:est[áa]s? |ha[sn]? |intentas? )*(?:busca|solicit|intenta|pid|ped|acced|ver|visit)"
    r"[^.]{0,80}\b(?:no|ya|ha sido)\b|"
    r"no (?:hemos podido|pudimos|podemos|logramos|se pudo|se ha podido) encontrar (?:la|el|esta|"
    r"este) (?:página|nota|artículo|contenido|dirección)|"
    r"(?:undergoing|under|performing|down for|scheduled) (?:scheduled |routine )?maintenance|"
    r"(?:estamos|sitio|página|servicio|tareas|labores) [^.]{0,30}mantenimiento|"
    r"(?:try again|back) (?:later|soon|shortly|in a few)|(?:vuelva|vuelve|inténtelo|inténtalo|"
    r"intente)[^.]{0,20} (?:más tarde|nuevamente|de nuevo|en unos)|"
    r"you (?:do ?n.t|do not) have permission to (?:access|view)|no tiene[s]? permiso",
    re.IGNORECASE,
)
_BOT_TITLE = re.compile(
    r"(?:just a moment|un momento(?:, por favor)?|please wait|one moment(?:, please)?|"
    r"attention required!?|are you a (?:robot|human)|security check(?:point)?|human verification|"
    r"verificación (?:humana|de seguridad)|comprobación de seguridad|pardon our interruption|"
    r"robot check|client challenge|(?:bot|ddos)[ -](?:check|protection|verification)|"
    r"¿eres (?:un robot|humano))[?!.…]*",
    re.IGNORECASE,
)
_BOT_TEXT = re.compile(
    r"(?:verif\w+|confirm|prove|make sure|check\w*)(?: that)? (?:you(?:'re|’re| are)|your browser|"
    r"if the site connection|the security of your)|"
    r"you(?:'re|’re| are) (?:not )?(?:a )?(?:real )?(?:robot|bot|human)|"
    r"(?:unusual|suspicious|automated) (?:activity|traffic|requests)[^.]{0,40}"
    r"(?:your|this|network|browser)|press (?:&|and) hold|complete the (?:captcha|challenge)|"
    r"(?:verif\w+|comprob\w+|confirm\w+|demuestr\w+)(?: que)? (?:eres|es usted|usted es|no eres|"
    r"no es|su navegador|tu navegador|la seguridad de (?:su|tu))|"
    r"(?:no (?:soy|eres|es) un )robot|(?:tráfico|actividad) (?:inusual|sospechos[oa])[^.]{0,40}"
    r"(?:su|tu|red)\b|complet[ae] el captcha|ray id|"
    r"incident id|request (?:unsuccessful|(?:was |has been )?blocked)|ad ?blocker",
    re.IGNORECASE,
)
_SCRIPT = re.compile(
    r"(?:enable|activate|turn on|requires?|need|without|disabled?|support)[^.]{0,40}javascript|"
    r"javascript (?:is |está |and cookies )?[^.]{0,20}(?:disabled|required|enabled?|desactivado|"
    r"deshabilitado|necesario)|(?:activ|habilit|necesit|requier)\w*[^.]{0,40}javascript",
    re.IGNORECASE,
)
_DENSE = re.compile("[\u3040-\u9fff]")
_PARTS = re.compile(r"\s+[|–—·»•-]\s+|\s*\|\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What reading a page brought to light, as far as its quality hangs on it."""

    title: str | None = None
    text: str = ""
    around: str = ""  # further words in the page's body, menus and hidden parts left out
    free: bool = True  # False: the publisher says that one has to pay
    is_article: bool = False  # the page calls itself one (JSON-LD, Open Graph)
    promised: int | None = None  # words that the publisher counts
    password: bool = False  # the page asks for one
    language: str | None = None  # the text's, where it is sure
    expected: tuple[str, ...] = ()  # the page's declared and the outlet's; empty: not known


def judge(found: Found) -> tuple[Completeness, str]:
    """How much of an article this is, and "ok" or why not more: see `Page.quality`.

    A wall's and an error page's text is no text (`title`); a teaser counts as a summary. A text
    in another language than expected is kept and marked: it may be a machine's translation or a
    wrong page, and it may be what the desk needs.
    """
    words = count(found.text)
    if strange := _strange(found, words):
        return Completeness.TITLE, strange
    if _is_teaser(found, words):
        return _part(found), "paywall"
    if not words:
        return Completeness.TITLE, "empty"
    if not _is_whole(found, words):
        return _part(found), "too short"
    if found.language and found.expected and found.language not in found.expected:
        return Completeness.FULL, "wrong language"
    return Completeness.FULL, "ok"


def without_repetition(page: Page, *, seen: bytes) -> Page:
    """A page without the lines its outlet repeats; `seen` are the outlet's refrains.

    Where too little remains, or nothing of the page is its own, its quality is "boilerplate".
    """
    text = page.text
    if page.completeness is not Completeness.FULL or not text:
        return page
    remaining, familiar = refrains.without_refrains(text, seen=seen)
    if familiar > SAME:
        return replace(page, text=None, completeness=Completeness.TITLE, quality="boilerplate")
    if remaining == text or count(remaining) >= SHORT:
        return replace(page, text=remaining)
    return replace(page, text=remaining, completeness=Completeness.SUMMARY, quality="boilerplate")


def count(text: str) -> int:
    """Words; where a script writes none apart (Chinese, Japanese), two letters count as one."""
    dense = 0 if text.isascii() else len(_DENSE.findall(text))
    return len(text.split()) + dense // 2


def _part(found: Found) -> Completeness:
    """A summary if a text holds a sentence; a caption or a menu says no more than the title."""
    lines = (line for line in found.text.split("\n") if line != found.title)
    sentence = any(count(line) >= SENTENCE for line in lines)
    return Completeness.SUMMARY if sentence else Completeness.TITLE


def _strange(found: Found, words: int) -> str | None:
    """What a page is that is no article at all."""
    if words < NOTICE:
        said = found.text or found.around
        if _is_bot_check(found.title, said):
            return "bot check"
        if _is_error(found.title, said, words):
            return "error page"
        if words < SHORT and _SCRIPT.search(found.text):
            return "empty"
        if _is_login(found, said):
            return "login page"
    said = found.text if words >= BRIEF else f"{found.text}\n{found.around}"
    return "cookie wall" if _is_consent(said) else None


def _first_part(title: str | None) -> str:
    return _PARTS.split(title.strip())[0] if title else ""


def _is_bot_check(title: str | None, said: str) -> bool:
    """A title that anti-bot services use, or two of their sentences, or one in a bare page."""
    if title and (_BOT_TITLE.fullmatch(title) or _BOT_TITLE.fullmatch(_first_part(title))):
        return True
    cues = {match[0].casefold() for match in _BOT_TEXT.finditer(said[: 5 * OPENING])}
    return len(cues) > 1 or (bool(cues) and count(said) < SHORT)


def _is_error(title: str | None, said: str, words: int) -> bool:
    if title and _ERROR_TITLE.fullmatch(_first_part(title)):
        return True
    opening = said[:OPENING]
    first = _ERROR_TITLE.fullmatch(opening.partition("\n")[0].rstrip(".!"))
    return bool(first) or (words < SHORT and bool(_ERROR_TEXT.search(opening)))


def _is_login(found: Found, said: str) -> bool:
    """A form that asks for a password, and a page that says little else."""
    asks = bool(_LOGIN.search(said)) or bool(_SIGN_IN.match(found.title or ""))
    return found.password and asks and not found.is_article


def _is_consent(text: str) -> bool:
    """Whether most of a text consists of lines in which somebody asks for consent."""
    text = text[:CONSENT]
    flowing = text.replace("\n", " ")
    if sum(1 for cue in _CONSENT if cue.search(flowing)) < CONSENT_CUES:
        return False  # nearly always; looking at each line takes ten times as long
    lines = [line for line in text.split("\n") if line.strip()]
    about = [line for line in lines if any(cue.search(line) for cue in _CONSENT)]
    said = " ".join(about)
    if count(said) <= MOSTLY * count(text) or not _TO_THE_READER.search(said):
        return False
    return sum(1 for cue in _CONSENT if cue.search(said)) >= CONSENT_CUES


def _is_teaser(found: Found, words: int) -> bool:
    if words >= WALL:
        return not found.free and bool(_PAYWALL.search(found.text[-ENDING:]))
    if not found.free or _PAYWALL.search(found.text[-ENDING:]):
        return True
    return bool(_ASKS.search(found.around)) and not _is_promised(found, words)


def _is_promised(found: Found, words: int) -> bool:
    """Whether the text is as long as the publisher says, who may have counted characters."""
    if found.promised is None:
        return False
    in_letters = abs(len(found.text) - found.promised) <= NEARLY * found.promised
    return in_letters or words >= PROMISED * found.promised


def _is_whole(found: Found, words: int) -> bool:
    if found.promised and words < WALL and not _is_promised(found, words):
        return False
    if words < SHORT:
        return found.is_article and words >= BRIEF and _has_end(found.text)
    return words >= NOTICE or not _CUT_SHORT.search(found.text)


def _has_end(text: str) -> bool:
    return bool(_ENDED.search(text)) and not _CUT_SHORT.search(text)
