"""The words of the formats: what may stand in the shape of a request, because every request may have it. Data, no code.

Made from the types of the vendors' SDKs, together with JSON Schema. Whatever is not here is taken for somebody's content.
"""

from __future__ import annotations

from collections.abc import Mapping

# Names of members.
_NAMES = """
$defs $id $ref $schema accessToken access_programs acknowledged_safety_checks action actions active adaptationPhrases
additionalProperties allOf allow_fallbacks allowedFunctionNames allowed_callers allowed_domains allowed_tools alpha
always annotations anthropic_beta anthropic_version anyOf apiAuth apiKey apiKeyConfig apiKeySecret apiKeySecretVersion
apiKeyString apiSpec apiVersion approval_request_id approve approximate args arguments aspectRatio async asyncClientArgs
attempts attributes audio audioMetadata audioTimestamp audioTranscription audioTranscriptionConfig authConfig authType
authorization autoMode automaticContinuation automaticFunctionCalling background background_options baseUrl
baseUrlResourceScope behavior best_of blocked_domains blockingConfidence boolValue budget_tokens button bytes
cache_control cachedContent call_id caller caller_id candidateCount categories category chat_template_kwargs citations
cited_text city clientArgs client_metadata client_tool_results close_tab code codeExecution codeExecutionResult command
commands compact_threshold comparison_response_id completion_window complexity compressionQuality computerUse configs
connector_id consentAudio const container container_id content contentLayers contents context context_compression
context_management continuationToken continuation_id conversation country createTime credentialSecret cursor_position
custom customConfigs customVocabulary cyber data dataStore dataStoreSpecs datastore default defer_loading definition
definitions defs dependentRequired description detail details diagnostics diarization diff dimensions disable
disableAttribution disable_parallel_tool_use disabledSafetyPolicies display displayName display_height display_width
documentMetadata document_index document_title domain domain_secrets double_click downloadUri download_id
dynamicRetrievalConfig dynamicThreshold eager_input_streaming echo effort elasticSearchParams else embedding_weight
enableDataRetention enableEnhancedCivicAnswers enablePromptInjectionDetection enableWidget enableZeroDataRetention
enable_thinking enabled encoding_format encrypted_content encrypted_index encrypted_stdout endOffset endPage endTime
end_block_index end_char_index end_index end_page_number endpoint engine enterpriseWebSearch enum env environment error
error_code error_message exaAiSearch example examples excludeDomains excludedPredefinedFunctions exclusiveMaximum
exclusiveMinimum executableCode execution exit_code expBase expirationTime externalApi external_web_access extraBody
featureSelectionPreference file fileData fileSearch fileSearchStoreNames fileUri file_data file_id file_ids file_type
file_upload file_url filename filter filters find fingerprint finished form_input format fps frame_count
frame_duration_ms frequencyPenalty frequency_penalty function functionCall functionCallingConfig functionDeclarations
functionResponse function_call functions generate_summary generationConfig generationOutputConfig get_page_text
googleMaps googleSearch googleSearchRetrieval googleServiceAccountConfig grammar groundingTypes headers hold_key hover
httpBasicAuthConfig httpElementLocation httpOptions httpStatusCodes hybridSearch hybrid_search id idToken if
ignoreCallHistory image imageConfig imageOutputOptions imageSearch imageSize image_url include
includeServerSideToolInvocations includeThoughts include_obfuscation include_usage index inference_geo initialDelay
inlineData input input_audio input_examples input_fidelity input_image_mask input_schema input_tokens instructions
is_error is_file_update items javascript_exec jitter jsonPath json_schema key keys labels language languageAuto
languageCode languageCodes languageHints latLng latitude left_click left_click_drag left_mouse_down left_mouse_up level
lines list_tabs llmRanker logit_bias logprob logprobs logs longitude manualMode maxDelay maxItems maxLength
maxOutputTokens maxProperties maxResults max_characters max_completion_tokens max_content_tokens max_num_results
max_output_length max_output_tokens max_tokens max_tool_calls max_uses maximum maximumRemoteCalls mcpServers
mediaProcessing mediaResolution media_type memory_limit message messages metadata metadataFilter method middle_click
mimeType minItems minLength minProperties min_p minimum modalities mode model modelArmorConfig modelName
modelRoutingPreference modelSelectionConfig models moderation moderation_details moderation_stage mouse_move
multiSpeakerVoiceConfig multipleOf n name namespace navigate network_policy never new_lines new_start new_tab not
nullValue nullable numHits numTokens num_lines numberValue oauthConfig oidcConfig old_lines old_start oneOf operation
outcome output outputCompressionQuality outputMimeType outputUriPrefix output_compression output_config output_format
output_schema output_tokens outputs oversized_image page_age parallelAiSearch parallel_tool_calls param parameters
parametersJsonSchema partMetadata partialArgs partial_images parts path pattern patternProperties pending_safety_checks
personGeneration phase places policy prebuiltVoiceConfig prediction prefixItems presencePenalty presence_penalty
previous_message_id previous_response_id prewarm prominentPeople prompt promptTemplateName prompt_cache_breakpoint
prompt_cache_key prompt_cache_options prompt_cache_retention properties propertyNames propertyOrdering provider quality
queries query ragCorpora ragCorpus ragFileIds ragResources ragRetrievalConfig rankService ranker ranking ranking_options
read_console read_network read_only read_page reason reasoning reasoning_content reasoning_details reasoning_effort
reasoning_tokens ref refusal region repetition_penalty replicatedVoiceConfig require_approval required response
responseJsonSchema responseLogprobs responseMimeType responseModalities responseSchema responseTemplateName
response_format response_inclusion result results retrieval retrievalConfig retrieved_at retryOptions return_code
revised_prompt right_click role routing routingConfig safetySettings safety_identifier scheduling schema score
score_threshold screenshot scroll scroll_to scroll_x scroll_y searchTemplate searchTypes search_content_types
search_context_size search_result_index seed server_description server_label server_tool_results server_url
serviceAccount serviceTier service_tier sha256Hash sheetIndex shouldReturnHttpResponse signature similarityTopK
simpleSearchParams size sizeBytes size_bytes skill_id skills source sourceText sources speaker speakerLabel
speakerVoiceConfigs speechConfig speechMetadata speed spreadsheetMetadata sseReadTimeout startOffset startPage startTime
start_block_index start_char_index start_index start_line start_page_number state state_changes status stderr stdout
stop stopSequences stop_sequences store storeContext stream streamFunctionCallArguments stream_options
streamableHttpTransport strict stringValue style suffix summary svg svg_usage switch_tab syntax system systemInstruction
tab_id tabs temperature terminateOnClose text text_weight then thinking thinkingBudget thinkingConfig thinkingLevel
thought thoughtSignature threshold timeRangeFilter timeout timeout_ms timezone title token toolCall toolConfig
toolResponse toolType tool_call_id tool_calls tool_choice tool_id tool_name tool_names tool_references tool_use_id tools
toolset_name topK topP top_k top_logprobs top_p total_lines total_tokens transformations transforms triple_click truncation
ttl tunnel_id type uniqueItems updateTime uri url urlContext url_sources use_cache user user_id user_input user_location
user_profile_id value variables vectorDistanceThreshold vectorSimilarityThreshold vector_store_ids verbosity version
vertexAiSearch vertexRagStore videoMetadata visibleCells voice voiceConfig voiceConsentSignature voiceName
voiceSampleAudio wait webSearch web_search_options willContinue word wordTimestamp words working_directory workspace_id
x y zoom
"""

# Members whose numbers say how something is to be done, and nothing of what it is about.
_SETTINGS = """
best_of budget_tokens candidateCount dimensions display_height display_width document_index end_block_index
end_char_index end_index end_page_number exclusiveMaximum exclusiveMinimum fps frequencyPenalty frequency_penalty index
logprobs maxItems maxLength maxOutputTokens maxProperties max_completion_tokens max_content_tokens max_num_results
max_output_tokens max_tokens max_tool_calls max_uses maximum minItems minLength minProperties min_p minimum n
output_compression partial_images presencePenalty presence_penalty repetition_penalty responseLogprobs seed
start_block_index start_char_index start_index start_page_number temperature thinkingBudget topK topP top_k top_logprobs
top_p
"""

NAMES, SETTINGS = frozenset(_NAMES.split()), frozenset(_SETTINGS.split())

# What may stand in these members, without a date at its end; more of them than these is content.
CHOICES: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "anthropic_version": "2023-06-01 bedrock-2023-05-31 vertex-2023-10-16",
        "detail": "auto high low original",
        "display": "omitted summarized",
        "effort": "high low max medium minimal none xhigh",
        "encoding_format": "base64 float",
        "format": "aac date date-time double email flac float int32 int64 mp3 opus pcm16 time uri uuid wav",
        "function_call": "auto none",
        "generate_summary": "auto concise detailed",
        "include": """
code_interpreter_call.outputs computer_call_output.output.image_url file_search_call.results
message.input_image.image_url message.output_text.logprobs reasoning.encrypted_content web_search_call.action.sources
web_search_call.results
""",
        "level": """
MEDIA_RESOLUTION_HIGH MEDIA_RESOLUTION_LOW MEDIA_RESOLUTION_MEDIUM MEDIA_RESOLUTION_ULTRA_HIGH
MEDIA_RESOLUTION_UNSPECIFIED
""",
        "mediaResolution": "MEDIA_RESOLUTION_HIGH MEDIA_RESOLUTION_LOW MEDIA_RESOLUTION_MEDIUM MEDIA_RESOLUTION_UNSPECIFIED",
        "media_type": "application/pdf application/zip image/gif image/jpeg image/png image/svg+xml image/webp text/plain",
        "mimeType": """
application/json application/pdf application/zip audio/mp3 audio/wav image/gif image/jpeg image/png image/svg+xml
image/webp text/plain video/mp4
""",
        "modalities": "audio text",
        "mode": """
ANY AUTO MODE_DYNAMIC MODE_UNSPECIFIED NONE SMART VALIDATED VERBATIM auto block explicit implicit pro required score
standard
""",
        "name": """
bash bash_code_execution code_execution memory str_replace_based_edit_tool str_replace_editor text_editor_code_execution
tool_search_tool_bm25 tool_search_tool_regex web_fetch web_search
""",
        "phase": "commentary final_answer",
        "prompt_cache_retention": "24h in_memory",
        "reasoning_effort": "high low max medium minimal none xhigh",
        "require_approval": "always never",
        "responseMimeType": "application/json text/plain text/x.enum",
        "role": "assistant developer function model system tool user",
        "search_content_types": "image text",
        "search_context_size": "high low medium",
        "serviceTier": "flex priority standard unspecified",
        "service_tier": "auto default fast flex priority scale standard standard_only ultrafast unspecified",
        "status": "calling completed failed generating in_progress incomplete interpreting searching",
        "summary": "auto concise detailed",
        "syntax": "lark regex",
        "thinkingLevel": "HIGH LOW MEDIUM MINIMAL THINKING_LEVEL_UNSPECIFIED XHIGH",
        "threshold": """
BLOCK_LOW_AND_ABOVE BLOCK_MEDIUM_AND_ABOVE BLOCK_NONE BLOCK_ONLY_HIGH HARM_BLOCK_THRESHOLD_UNSPECIFIED OFF
""",
        "tool_choice": "auto none required",
        "truncation": "auto disabled",
        "ttl": "12h 1h 30m 5m",
        "type": """
ARRAY BOOLEAN INTEGER NULL NUMBER OBJECT STRING TYPE_UNSPECIFIED adaptive additional_tools all allowed_tools allowlist
and anthropic any apply_patch apply_patch_call apply_patch_call_output approximate array auto base64 bash
bash_code_execution_output bash_code_execution_result bash_code_execution_tool_result
bash_code_execution_tool_result_error between_tools boolean browser_state browser_toolset char_location click
code_execution code_execution_output code_execution_result code_execution_tool_result code_execution_tool_result_error
code_interpreter code_interpreter_call compaction compaction_trigger computer computer_call computer_call_output
computer_screenshot computer_toolset computer_use computer_use_preview configuration_update container_auto
container_file_citation container_reference container_upload content content_block_location create_file custom
custom_tool_call custom_tool_call_output delete_file direct disabled document double_click download_completed
download_failed download_started drag enabled encrypted_code_execution_result ephemeral eq except exec exit file
file_citation file_path file_search file_search_call find_in_page function function_call function_call_output grammar gt
gte http_error image image_generation image_generation_call image_url in inline input_audio input_file input_image
input_text integer item_reference json_object json_schema keypress local local_shell local_shell_call
local_shell_call_output logs lt lte mcp mcp_approval_request mcp_approval_response mcp_call mcp_list_tools
mcp_protocol_error mcp_tool_execution_error memory message move namespace ne nin none null number object only open_page
or output_text page_location program program_output programmatic_tool_calling reasoning reasoning_text redacted_thinking
refusal screenshot scroll search search_result search_result_location server_tool_use shell shell_call shell_call_output
skill_reference string summary_text tab_opened text text_editor text_editor_code_execution_create_result
text_editor_code_execution_str_replace_result text_editor_code_execution_tool_result
text_editor_code_execution_tool_result_error text_editor_code_execution_view_result thinking timeout tool tool_reference
tool_result tool_search tool_search_call tool_search_output tool_search_tool_bm25 tool_search_tool_regex
tool_search_tool_result tool_search_tool_result_error tool_search_tool_search_result tool_use type update_file url
url_citation wait web_fetch web_fetch_result web_fetch_tool_result web_fetch_tool_result_error web_search
web_search_2025_08_26 web_search_call web_search_preview web_search_preview_2025_03_11 web_search_result
web_search_result_location web_search_tool_result web_search_tool_result_error
""",
        "verbosity": "high low medium",
    }.items()
}
