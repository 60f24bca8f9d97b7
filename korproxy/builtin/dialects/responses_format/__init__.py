"""OpenAI Responses, read and written: requests, answers, streams, errors."""
