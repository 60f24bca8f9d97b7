"""What travels between the rooms: frozen, pure, no I/O."""
