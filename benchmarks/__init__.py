"""What is measured, against whom, and how: the harness of `make bench`; it knows kvik only as a program to start."""
