"""Pages of anti-bot services, and pages that only look like them.

The pages are our own, made of what each service's pages cannot do without.
"""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from monitor.adapters.fetcher import Failure, Fetcher, FetchError, FetchRefused, Request, Response
from monitor.adapters.walls import START_LIMIT, wall

CLOUDFLARE = """<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>
<noscript>Enable JavaScript and cookies to continue</noscript><script>(function(){
window._cf_chl_opt = {cvId: '3', cType: 'managed'}; var a = document.createElement('script');
a.src = '/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=1'; })();</script>"""
CLOUDFLARE_SPANISH = CLOUDFLARE.replace("Just a moment...", "Un momento…")
CLOUDFLARE_BLOCK = """<html><head><title>Attention Required! | Cloudflare</title></head><body>
<h1>Sorry, you have been blocked</h1><div id="cf-error-details"></div></body></html>"""
DATADOME = """<html><head><title>example.org</title></head><body><p>Please enable JS and
disable any ad blocker</p><script>var dd={'rt':'c','cid':'A','host':'geo.captcha-delivery.com'
}</script><script src="https://ct.captcha-delivery.com/c.js"></script></body></html>"""
HUMAN = """<html><head><title>Access to this page has been denied</title></head><body>
<div id="px-captcha"></div><script>window._pxAppId = 'PX1'; window._pxUuid = 'a';</script></body>"""
HUMAN_JSON = '{"appId":"PX1","jsClientSrc":"/x/init.js","blockScript":"/x/captcha/captcha.js"}'
AKAMAI = """<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>
You don't have permission to access this on this server.<P>Reference&#32;&#35;18&#46;1
<P>https&#58;&#47;&#47;errors&#46;edgesuite&#46;net&#47;18</P></BODY></HTML>"""
IMPERVA = """<html style="height:100%"><head><META NAME="ROBOTS" CONTENT="NOINDEX, NOFOLLOW"></head>
<body><iframe id="main-iframe" src="/_Incapsula_Resource?CWUDNSAI=1&amp;xinfo=2" frameborder=0>
Request unsuccessful. Incapsula incident ID: 1-2</iframe></body></html>"""
AWS = """<!DOCTYPE html><html><head><title></title><script>window.gokuProps = {"key":"a"};</script>
<script src="https://a.token.awswaf.com/a/challenge.js"></script></head><body></body></html>"""
SUCURI = """<html><title>You are being redirected...</title><noscript>Javascript is required.
</noscript><script>var s={},sucuri_cloudproxy_js='';</script></html>"""
UNKNOWN = """<html><head><title>Security check</title></head><body><h1>Are you a robot?</h1>
<form><div class="g-recaptcha" data-sitekey="a"></div></form>
<script src="https://www.google.com/recaptcha/api.js"></script></body></html>"""

WORDS = "The minister spoke about the roses of the palace and their keepers. " * 20
ARTICLE = "<html><head><title>{title}</title>{head}</head><body><article>{text}</article></body>"


def page(*, title: str = "News", head: str = "", text: str = WORDS) -> str:
    return ARTICLE.format(title=title, head=head, text=text)


def judged(status: int, body: str, **headers: str) -> str | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return wall(status, named, body.encode()[:START_LIMIT])


@pytest.mark.parametrize(
    ("status", "body", "service"),
    [
        (403, CLOUDFLARE, "Cloudflare"),
        (503, CLOUDFLARE_SPANISH, "Cloudflare"),
        (200, CLOUDFLARE, "Cloudflare"),
        (403, CLOUDFLARE_BLOCK, "Cloudflare"),
        (403, DATADOME, "DataDome"),
        (200, DATADOME, "DataDome"),
        (403, HUMAN, "HUMAN"),
        (403, HUMAN_JSON, "HUMAN"),
        (403, AKAMAI, "Akamai"),
        (200, IMPERVA, "Imperva"),
        (403, IMPERVA, "Imperva"),
        (405, AWS, "AWS WAF"),
        (202, AWS, "AWS WAF"),
        (200, SUCURI, "Sucuri"),
        (403, UNKNOWN, "captcha"),
        (429, UNKNOWN, "captcha"),
        (200, UNKNOWN, "captcha"),
    ],
)
def test_the_service_behind_a_check_is_named(status: int, body: str, service: str) -> None:
    assert judged(status, body) == service
    assert judged(status, body.upper().replace("\n", "\r\n")) == service


def test_a_header_alone_tells() -> None:
    assert judged(403, "", cf_mitigated="challenge") == "Cloudflare"
    assert judged(202, "", x_amzn_waf_action="challenge") == "AWS WAF"
    assert judged(405, "", x_amzn_waf_action="captcha") == "AWS WAF"
    assert judged(403, "", x_dd_b="1") == "DataDome"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(200, page(title="Just a moment... says Cloudflare"), id="an article"),
        pytest.param(
            200,
            page(head='<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>'),
            id="Cloudflare's script in a good page",
        ),
        pytest.param(
            200,
            page(head='<script src="/_Incapsula_Resource?SWJIYLWA=1"></script>'),
            id="Imperva's script in a good page",
        ),
        pytest.param(
            200,
            page(head="<script>window._pxAppId='PX1'</script>"),
            id="HUMAN's script in a good page",
        ),
        pytest.param(200, page(head=CLOUDFLARE), id="a check quoted in an article"),
        pytest.param(
            200,
            page(text="Are you a robot? Comment below.<div class='g-recaptcha'></div>" + WORDS),
            id="a captcha under an article",
        ),
        pytest.param(404, page(text=f"Not found {UNKNOWN}{WORDS}"), id="a form on a lost page"),
        pytest.param(200, page(text="Short news about a captcha."), id="short news"),
        pytest.param(403, page(title="Forbidden", text="No."), id="a plain refusal"),
        pytest.param(403, page(title="Access Denied", text="Ask us."), id="their own refusal"),
        pytest.param(
            521,
            '<html><title>example.org | 521: Web server is down</title><div id="cf-error-details">'
            '</div><script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>',
            id="Cloudflare without its site",
        ),
        pytest.param(200, f"<?xml version='1.0'?><rss><![CDATA[{CLOUDFLARE}]]></rss>", id="a feed"),
        pytest.param(200, '{"items": ["captcha-delivery.com/ var dd="]}', id="a JSON feed"),
        pytest.param(200, "", id="nothing"),
        pytest.param(403, "", id="nothing, refused"),
    ],
)
def test_what_only_looks_like_a_check_is_none(status: int, body: str) -> None:
    assert judged(status, body, server="cloudflare", x_datadome="protected") is None


@pytest.mark.parametrize("piece", ["<script>", "<!--", "<", "<style ", "</", "<noscript><"])
def test_a_page_made_to_keep_us_busy_is_judged_at_once(piece: str) -> None:
    start = "<html>window._cf_chl_opt "
    began = time.process_time()
    judged(200, start + piece * ((START_LIMIT - len(start) - 1) // len(piece)))
    assert time.process_time() - began < 0.2


# Through the fetcher


@contextmanager
def serving(status: int, body: bytes, **headers: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def outcome(url: str) -> Response | FetchError | FetchRefused | None:
    port = int(url.rstrip("/").rpartition(":")[2])
    with Fetcher(
        user_agent="t",
        deadline=timedelta(seconds=5),
        connections=2,
        allow=frozenset({("127.0.0.1", port)}),
    ) as fetcher:
        groups = list(fetcher.get_all([Request(url, 100_000)], budget=timedelta(seconds=5)))
    ((index, got),) = (pair for group in groups for pair in group)
    assert index == 0
    return got


def test_a_wall_is_a_failure_of_its_own_with_status_and_pause() -> None:
    with serving(403, CLOUDFLARE.encode(), Retry_After="60") as url:
        error = outcome(url)
    assert isinstance(error, FetchError)
    assert error.kind is Failure.WALL
    assert str(error) == "127.0.0.1 answered with a bot check (Cloudflare)"
    assert (error.status, error.retry_after) == (403, timedelta(seconds=60))


def test_a_wall_with_a_good_status_is_no_answer() -> None:
    with serving(200, DATADOME.encode(), Content_Type="application/rss+xml") as url:
        error = outcome(url)
    assert isinstance(error, FetchError)
    assert (error.kind, error.status) == (Failure.WALL, 200)


def test_a_packed_wall_is_known() -> None:
    with serving(503, gzip.compress(CLOUDFLARE.encode()), Content_Encoding="gzip") as url:
        error = outcome(url)
    assert isinstance(error, FetchError)
    assert error.kind is Failure.WALL


def test_a_long_wall_is_known_by_its_start() -> None:
    with serving(403, CLOUDFLARE.encode() + b"x" * 1_000_000) as url:
        error = outcome(url)
    assert isinstance(error, FetchError)
    assert error.kind is Failure.WALL


def test_an_error_page_in_an_encoding_we_did_not_ask_for_keeps_its_status() -> None:
    for encoding in ("br", "gzip"):
        with serving(503, b"\x8b" * 500, Content_Encoding=encoding) as url:
            error = outcome(url)
        assert isinstance(error, FetchError)
        assert (error.kind, error.status) == (Failure.HTTP_STATUS, 503)


def test_a_lost_page_is_still_refused_for_good() -> None:
    with serving(404, page(text="Not found").encode()) as url:
        assert isinstance(outcome(url), FetchRefused)
