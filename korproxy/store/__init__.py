"""What KorProxy keeps of requests: a row for each, and counts. Never what was said in them."""
