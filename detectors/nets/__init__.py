"""Networks and their training. Nothing here registers itself, so that torch loads only when a network is built."""
