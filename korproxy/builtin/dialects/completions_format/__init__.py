"""OpenAI's Completions, the API before conversations: clients' requests read, answers written. No provider is asked in it."""
