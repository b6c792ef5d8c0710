"""The audit: what gives fakes away that no detector should need, and what test sets share with training sets."""
