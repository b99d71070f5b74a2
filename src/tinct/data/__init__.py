"""Pictures to learn from: where they come from, decoded once, split into training and test pictures. No torch."""
