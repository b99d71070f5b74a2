"""``python -m tinct`` is ``tinct``."""

from .cli.app import main

main()
