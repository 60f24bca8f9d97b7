"""The neutral conversation: what every format can be read into and written from. Pure; imports only errors and models.

``conversation`` is a request, ``answer`` a whole answer or an error, ``events`` a streamed answer; ``parts`` is what turns and
answers are made of. ``report`` says what became of each thing in a request. The rest are crossings that several writers need:
``calls``, ``arguments``, ``pairs``, ``sequence``, ``thinking``, ``tools``, ``media``, ``fields``; ``guard`` holds streams to
the rules, ``memory`` keeps what clients do not send back. A new format adds readers and writers of its own, and changes
nothing here.
"""

from korproxy.chat.answer import ERROR_KINDS as ERROR_KINDS
from korproxy.chat.answer import Answer as Answer
from korproxy.chat.answer import Ending as Ending
from korproxy.chat.answer import ErrorKind as ErrorKind
from korproxy.chat.answer import ProviderError as ProviderError
from korproxy.chat.answer import Reason as Reason
from korproxy.chat.answer import error_kind as error_kind
from korproxy.chat.arguments import as_object as as_object
from korproxy.chat.arguments import is_object as is_object
from korproxy.chat.calls import NameRule as NameRule
from korproxy.chat.calls import fit_id as fit_id
from korproxy.chat.calls import fit_ids as fit_ids
from korproxy.chat.calls import fit_names as fit_names
from korproxy.chat.calls import rename_answer as rename_answer
from korproxy.chat.calls import rename_event as rename_event
from korproxy.chat.conversation import EFFORTS as EFFORTS
from korproxy.chat.conversation import Asked as Asked
from korproxy.chat.conversation import Conversation as Conversation
from korproxy.chat.conversation import Effort as Effort
from korproxy.chat.conversation import HostedTool as HostedTool
from korproxy.chat.conversation import JsonObject as JsonObject
from korproxy.chat.conversation import Options as Options
from korproxy.chat.conversation import OutputFormat as OutputFormat
from korproxy.chat.conversation import Role as Role
from korproxy.chat.conversation import Thinking as Thinking
from korproxy.chat.conversation import Tool as Tool
from korproxy.chat.conversation import ToolChoice as ToolChoice
from korproxy.chat.conversation import Turn as Turn
from korproxy.chat.events import CallDelta as CallDelta
from korproxy.chat.events import CallEnded as CallEnded
from korproxy.chat.events import CallStarted as CallStarted
from korproxy.chat.events import Ended as Ended
from korproxy.chat.events import Event as Event
from korproxy.chat.events import Failed as Failed
from korproxy.chat.events import PartAdded as PartAdded
from korproxy.chat.events import ReasoningDelta as ReasoningDelta
from korproxy.chat.events import ReasoningEnded as ReasoningEnded
from korproxy.chat.events import RefusalDelta as RefusalDelta
from korproxy.chat.events import Started as Started
from korproxy.chat.events import TextDelta as TextDelta
from korproxy.chat.events import TextEnded as TextEnded
from korproxy.chat.events import UsageSeen as UsageSeen
from korproxy.chat.fields import Fields as Fields
from korproxy.chat.folding import answer_of as answer_of
from korproxy.chat.folding import events_of as events_of
from korproxy.chat.guard import BrokenStream as BrokenStream
from korproxy.chat.guard import StreamGuard as StreamGuard
from korproxy.chat.guard import settle as settle
from korproxy.chat.media import blob_of_url as blob_of_url
from korproxy.chat.media import data_url as data_url
from korproxy.chat.media import sniffed as sniffed
from korproxy.chat.memory import ReasoningMemory as ReasoningMemory
from korproxy.chat.memory import Remembering as Remembering
from korproxy.chat.pairs import NO_RESULT as NO_RESULT
from korproxy.chat.pairs import pair_results as pair_results
from korproxy.chat.parts import Audio as Audio
from korproxy.chat.parts import Blob as Blob
from korproxy.chat.parts import CacheMark as CacheMark
from korproxy.chat.parts import Document as Document
from korproxy.chat.parts import Image as Image
from korproxy.chat.parts import Part as Part
from korproxy.chat.parts import Reasoning as Reasoning
from korproxy.chat.parts import Refusal as Refusal
from korproxy.chat.parts import Seal as Seal
from korproxy.chat.parts import Text as Text
from korproxy.chat.parts import ToolCall as ToolCall
from korproxy.chat.parts import ToolResult as ToolResult
from korproxy.chat.report import Note as Note
from korproxy.chat.report import Report as Report
from korproxy.chat.report import child as child
from korproxy.chat.sequence import in_front as in_front
from korproxy.chat.sequence import merge as merge
from korproxy.chat.sequence import remind as remind
from korproxy.chat.thinking import BUDGETS as BUDGETS
from korproxy.chat.thinking import budget_of as budget_of
from korproxy.chat.thinking import disowned as disowned
from korproxy.chat.thinking import effort_of as effort_of
from korproxy.chat.thinking import nearest as nearest
from korproxy.chat.thinking import nobody as nobody
from korproxy.chat.thinking import own_reasoning as own_reasoning
from korproxy.chat.tools import known_choice as known_choice
from korproxy.chat.tools import offered_tools as offered_tools
from korproxy.chat.wire import AnswerIsError as AnswerIsError
from korproxy.chat.wire import CannotCarry as CannotCarry
from korproxy.chat.wire import Target as Target
from korproxy.chat.wire import Unreadable as Unreadable
from korproxy.chat.wire import Written as Written
