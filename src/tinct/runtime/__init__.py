"""Model files in use: their description, what a network sees of a photograph, and ONNX Runtime sessions. No torch."""
