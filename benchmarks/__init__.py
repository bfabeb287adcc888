"""What is measured, side by side with peers. Plain scripts: `python -m benchmarks.<name>`. No test runs them."""
