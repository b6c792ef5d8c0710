"""What came out: metrics, records, rows and tables."""
