"""Published and embedded encoders, one module each; a module dropped in here registers itself."""
