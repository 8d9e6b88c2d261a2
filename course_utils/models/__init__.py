"""The reference code: one readable file a model family."""
