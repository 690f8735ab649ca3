"""The whole data as one JSON file, made and taken back: docs/formats/backup.md. Knows no socket."""
