"""Metadata of picture files that libvips loses or damages: EXIF in TIFF, texts in PNG, IPTC and XMP; what orientation turns; metadata fields."""
