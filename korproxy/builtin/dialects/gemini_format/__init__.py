"""Gemini's generateContent, read and written: what ``gemini.py`` translates with. One module per direction.

Facts: the type definitions of Google's Python SDK google-genai 3.4 (``google/genai/types.py``, ``errors.py``), Google's API
reference (ai.google.dev/api/generate-content, ai.google.dev/gemini-api/docs/thought-signatures) and what Gemini CLI 0.61 does.
"""
