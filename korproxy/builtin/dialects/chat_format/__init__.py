"""OpenAI Chat Completions, read into the neutral model and written from it: requests, answers, streams and errors."""
