"""What sets up, builds and tests a checkout; runs on the standard library alone, before anything is installed."""
