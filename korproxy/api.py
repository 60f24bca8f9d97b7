"""The one door for plugins. Everything here is stable by promise; nothing else is."""

import typing

from korproxy.contracts import AnswerKeeper as AnswerKeeper
from korproxy.contracts import AnswerReader as AnswerReader
from korproxy.contracts import Cli as Cli
from korproxy.contracts import Collector as Collector
from korproxy.contracts import Command as Command
from korproxy.contracts import Dialect as Dialect
from korproxy.contracts import Embedder as Embedder
from korproxy.contracts import Events as Events
from korproxy.contracts import Explanation as Explanation
from korproxy.contracts import PluginTable as PluginTable
from korproxy.contracts import Provider as Provider
from korproxy.contracts import Redaction as Redaction
from korproxy.contracts import Service as Service
from korproxy.contracts import Settings as Settings
from korproxy.contracts import Sink as Sink
from korproxy.contracts import StreamReader as StreamReader
from korproxy.contracts import StreamWriter as StreamWriter
from korproxy.contracts import Translator as Translator
from korproxy.errors.codes import ErrorCode as ErrorCode
from korproxy.errors.codes import Registry as Registry
from korproxy.errors.codes import Severity as Severity
from korproxy.errors.codes import check_code as check_code
from korproxy.errors.exceptions import BadRequest as BadRequest
from korproxy.errors.exceptions import CommandFailed as CommandFailed
from korproxy.errors.exceptions import ConfigError as ConfigError
from korproxy.errors.exceptions import KorproxyError as KorproxyError
from korproxy.errors.exceptions import NoProvider as NoProvider
from korproxy.errors.exceptions import Problem as Problem
from korproxy.hookspecs import hookimpl as hookimpl
from korproxy.kit.answers import PlainAnswer as PlainAnswer
from korproxy.kit.answers import add_seal as add_seal
from korproxy.kit.answers import sse_events as sse_events
from korproxy.kit.answers import token_count as token_count
from korproxy.kit.catalogue import Catalogue as Catalogue
from korproxy.kit.catalogue import read_catalogue as read_catalogue
from korproxy.kit.catalogue import with_catalogue as with_catalogue
from korproxy.kit.error_bodies import LONGEST_MESSAGE as LONGEST_MESSAGE
from korproxy.kit.error_bodies import error_words as error_words
from korproxy.kit.error_bodies import innermost_error as innermost_error
from korproxy.kit.error_bodies import page_words as page_words
from korproxy.kit.gemini_endpoint import GEMINI as GEMINI
from korproxy.kit.gemini_endpoint import GEMINI_COUNT as GEMINI_COUNT
from korproxy.kit.gemini_endpoint import GEMINI_EMBEDDINGS as GEMINI_EMBEDDINGS
from korproxy.kit.http_provider import ANTHROPIC_COUNT as ANTHROPIC_COUNT
from korproxy.kit.http_provider import ANTHROPIC_MESSAGES as ANTHROPIC_MESSAGES
from korproxy.kit.http_provider import OPENAI_CHAT as OPENAI_CHAT
from korproxy.kit.http_provider import OPENAI_COMPLETIONS as OPENAI_COMPLETIONS
from korproxy.kit.http_provider import OPENAI_EMBEDDINGS as OPENAI_EMBEDDINGS
from korproxy.kit.http_provider import OPENAI_RESPONSES as OPENAI_RESPONSES
from korproxy.kit.http_provider import RESPONSES_COMPACT as RESPONSES_COMPACT
from korproxy.kit.http_provider import RESPONSES_COUNT as RESPONSES_COUNT
from korproxy.kit.http_provider import Endpoint as Endpoint
from korproxy.kit.http_provider import HttpProvider as HttpProvider
from korproxy.kit.http_provider import from_settings as from_settings
from korproxy.kit.json_edit import peek_model as peek_model
from korproxy.kit.json_edit import read_top_level as read_top_level
from korproxy.kit.json_edit import replace_text as replace_text
from korproxy.kit.json_edit import without_lone_surrogates as without_lone_surrogates
from korproxy.kit.json_raw import raw_items as raw_items
from korproxy.kit.json_raw import raw_json as raw_json
from korproxy.kit.json_raw import raw_object as raw_object
from korproxy.kit.json_raw import raw_text as raw_text
from korproxy.kit.json_raw import texts_at as texts_at
from korproxy.kit.json_text import read_json as read_json
from korproxy.kit.openai_compatible import OpenAICompatible as OpenAICompatible
from korproxy.kit.refusals import read_refusal as read_refusal
from korproxy.kit.regex_redaction import RegexRedaction as RegexRedaction
from korproxy.kit.translation import Directions as Directions
from korproxy.kit.translation import LazyTranslator as LazyTranslator
from korproxy.kit.writing import full_message as full_message
from korproxy.kit.writing import json_bytes as json_bytes
from korproxy.models.abilities import Abilities as Abilities
from korproxy.models.accounts import Account as Account
from korproxy.models.accounts import Secret as Secret
from korproxy.models.calls import Features as Features
from korproxy.models.calls import Headers as Headers
from korproxy.models.calls import Kind as Kind
from korproxy.models.calls import Outgoing as Outgoing
from korproxy.models.calls import Peek as Peek
from korproxy.models.calls import Span as Span
from korproxy.models.calls import UpstreamRequest as UpstreamRequest
from korproxy.models.outcome import Fault as Fault
from korproxy.models.outcome import Finished as Finished
from korproxy.models.outcome import Refusal as Refusal
from korproxy.models.outcome import Usage as Usage
from korproxy.models.providers import ConfiguredProvider as ConfiguredProvider
from korproxy.models.providers import Deadlines as Deadlines
from korproxy.models.providers import Limits as Limits
from korproxy.models.providers import Model as Model

if typing.TYPE_CHECKING:
    from korproxy import chat as chat


def __getattr__(name: str) -> object:
    """Import the neutral model when it is asked for: it costs 40 ms, and only formats need it."""
    if name == "chat":
        from korproxy import chat

        return chat
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
