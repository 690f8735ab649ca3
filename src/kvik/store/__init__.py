"""What is kept: the keyspace and its values. Knows no words, no wire, no files."""
