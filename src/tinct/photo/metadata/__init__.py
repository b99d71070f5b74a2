"""Metadata that libvips would lose: EXIF in TIFF, IPTC records, PNG texts, XMP packets. Bytes in, bytes out; no pixels."""
