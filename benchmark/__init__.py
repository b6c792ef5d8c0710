"""What is measured: one test module for each protocol. Knows no model by name."""
