"""Setting up, building and starting: the launchers, the stamp, the lock and the wheel."""
