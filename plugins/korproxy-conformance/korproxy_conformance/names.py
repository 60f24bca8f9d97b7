"""The names of the formats and of the cases, in the order of the table."""

CHAT = "openai-chat"
RESPONSES = "openai-responses"
MESSAGES = "anthropic-messages"
GEMINI = "gemini"
FORMATS = (CHAT, RESPONSES, MESSAGES, GEMINI)

PLAIN = "plain"
STREAM = "stream"
TOOLS = "tools"
PARALLEL = "parallel"
IMAGE = "image"
REASONING = "reasoning"
STRUCTURED = "structured"
ERRORS = "errors"
CUT = "cut"
CANCEL = "cancel"
CASES = (PLAIN, STREAM, TOOLS, PARALLEL, IMAGE, REASONING, STRUCTURED, ERRORS, CUT, CANCEL)
