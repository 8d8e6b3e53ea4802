"""Benchmarks of the collector and of the search-time rules, as ratios within one run: see docs/benchmarks.md."""
