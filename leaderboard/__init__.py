"""What came out: metrics, records, rows and tables."""

from pathlib import Path

VERSION = Path(__file__).parent / "v1"
"""The leaderboard version that is kept now."""
