"""Loaded by the fork server of `workers`: everything that reading needs, compiled and warm.

The first date in a process costs up to a second (compiled patterns), and what is loaded here is
shared by all workers instead of being copied by each.
"""

import os

from monitor import garbage
from monitor.adapters import feeds, pages
from monitor.core.model import Selectors

_PAGE = (
    "<html lang='en'><head><title>Warm up</title></head><body><article><h1>Warm up</h1>"
    "<p class='date'>Published on 3 March 2021 by the editors of this page.</p>"
    f"<p>{'Every pattern is compiled once. ' * 30}</p></article></body></html>"
)
_FEED = (
    "<rss version='2.0'><channel><title>Warm up</title><item><title>Warm up the parser</title>"
    "<pubDate>Wed, 03 Mar 2021 10:00:00 GMT</pubDate></item></channel></rss>"
)
_LIST = "<ul><li><a href='/1'>Warm up</a> <span class='date'>3 March 2021</span></li></ul>"

os.environ.clear()
feeds.parse_feed(_FEED.encode(), url="http://example.org/feed")
feeds.parse_feed(
    _LIST.encode(),
    url="http://example.org/list",
    selectors=Selectors(items="li", title="a", date=".date"),
)
pages.extract(_PAGE.encode(), url="http://example.org/page")
garbage.settle()
