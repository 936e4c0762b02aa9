"""The operating envelope: the chain over synthetic records, each right, flagged or silently wrong."""
