"""Picture files: what is in them, how libvips reads and writes them, and what it leaves to us. `tinct.photo` is the face of all this.

`opening` turns what people call a picture into pixels with metadata; `pixels` gives them color; `formats` writes them. `exif`, `iptc`,
`png` and `xmp` keep the metadata that libvips would lose; `running` shows how far it is.
"""
