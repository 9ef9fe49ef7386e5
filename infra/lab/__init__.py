"""What is done offline: training, benchmarks, reports."""
