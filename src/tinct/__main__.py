"""``python -m tinct`` is ``tinct``."""

from .cli import main

main()
