"""HTTP towards clients: who may come in, which room a request goes to, and how answers are written."""
