"""Two documents in, the changes between them out, each proved harmless, shown by a message, or undecided."""
