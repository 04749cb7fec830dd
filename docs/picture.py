"""Makes docs/alert.svg: the demo's explained alert, as the terminal shows it. Run: make picture."""

import io
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from monitor import log
from monitor.config.starter import starter_path
from monitor.demo.replay import MESSAGES, replay
from monitor.demo.week import read_week

WIDTH = 88  # columns


def main() -> None:
    """Replay the week as fast as it goes and draw one of its messages."""
    log.configure(level="error", style="text")
    article, _ = read_week(starter_path() / "demo" / "week.yaml").explain[0]
    with tempfile.TemporaryDirectory() as directory:
        replayed = replay(Path(directory), out=io.StringIO(), seconds=0)
        messages = replayed.configuration.settings.state / MESSAGES
        texts = [path.read_text("utf-8") for path in sorted(messages.iterdir())]
    told = next(text for text in texts if f"/{article}.html" in text)
    title, _, body = told.strip().partition("\n\n")
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text(title, style="bold"))
    shown = Text(body)
    shown.highlight_regex(r"»[^«]*«", "bold yellow")
    console.print(shown)
    target = Path(__file__).with_name("alert.svg")
    drawing = console.export_svg(title="monitor")
    # Rich names a font on somebody's server; the reader's own monospaced one does.
    target.write_text(re.sub(r"@font-face \{.*?\}", "", drawing, flags=re.DOTALL), "utf-8")
    sys.stdout.write(f"{target.name}: {title}\n")


if __name__ == "__main__":
    main()
