"""``python -m polyculture``."""

from polyculture.cli import main

main()
