"""Containers and codecs: frames of any film in, a film with everything else that it had out. Knows nothing of color but its tags."""
