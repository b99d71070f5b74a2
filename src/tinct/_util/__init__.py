"""Helpers that know nothing of photographs: atomic files, dataclass fields, settings, processes, caches, lazy imports."""
