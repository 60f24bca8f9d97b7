"""What ``looking`` offers."""
