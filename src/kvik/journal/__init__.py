"""What is kept on disk, and when an answer may leave."""
