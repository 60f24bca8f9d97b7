"""What commands are told of the past: by the running daemon, else by what is on the disk."""
