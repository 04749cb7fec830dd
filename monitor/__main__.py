"""The command `monitor`.

Every worker process imports the file that started the program once more, so this one imports
nothing itself: that saves a tenth of a second each.
"""


def main() -> None:
    """Run one command and exit."""
    from monitor.cli.command import main as run  # noqa: PLC0415 - see above

    run()


if __name__ == "__main__":
    main()
