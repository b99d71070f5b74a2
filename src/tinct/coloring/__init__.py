"""What color a photograph gets: the model's distribution over colors, hints, references, variants, and the way back to full size."""
