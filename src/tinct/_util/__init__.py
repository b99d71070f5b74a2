"""Helpers that know nothing of photographs: files, dataclass fields, processes, caches, lazy imports."""
