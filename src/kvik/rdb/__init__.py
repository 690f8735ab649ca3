"""Single values in the form in which Redis keeps and ships them: what DUMP gives and RESTORE takes."""
