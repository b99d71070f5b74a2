"""Reports that compare runs: read, put into groups, judged, drawn and written down."""
