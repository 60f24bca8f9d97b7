"""Codes of the category CONF: the user's files, and the plugins that are installed."""

from korproxy.errors.codes import ErrorCode, Severity

CONF: tuple[ErrorCode, ...] = (
    ErrorCode(
        code="KP-CONF-201",
        message="A configuration file cannot be read as TOML.",
        description=(
            "A line breaks the rules of TOML, or the file is not in UTF-8 or not readable for you; the message says where."
            " Usual reasons are a missing quotation mark, a bracket that is not closed, and a table written twice."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "Open the file at the line the message names: the mistake is there or just above it.",
            "Put texts into quotation marks, and lists into square brackets.",
            "Run `korproxy check` until it finds nothing more.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-202",
        message="A setting in the configuration is wrong.",
        description=(
            "A key is unknown, or a value has the wrong type or is out of its range."
            " The message names the place, as in `$.server.port`."
            " One of KorProxy's own key files that holds a sample or a short word has this code, too."
            " KorProxy reads its configuration strictly, so that a mistyped key is told and not ignored."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "Correct the places that the message names: all mistakes are listed at once.",
            "Numbers stand without quotation marks, durations are in seconds, sizes in bytes.",
            "Run `korproxy check` until it finds nothing more.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-203",
        message="A provider has a type that KorProxy does not know.",
        description=(
            "`type` in `[providers.X]` chooses how KorProxy talks to that provider."
            " No built-in and no loaded plugin offers the type that stands there."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "Check the spelling of `type`: built in are `claude`, `codex`, `gemini`, `qwen`, `iflow` and `compatible`.",
            "If the type comes from a plugin, see with `korproxy plugins` whether that plugin is loaded.",
            "Most other services work with the type `compatible` and their `base_url`.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-204",
        message="A secret is not given by a reference.",
        description=(
            "`key` of an account never holds the secret itself, because configuration files get copied, shown and committed."
            " It says where the secret stands, in one of two forms: `env:NAME` for a variable, `file:PATH` for a file."
            " The account is not used, and what stands there now is not repeated, since it may be the secret."
        ),
        steps=(
            "Move the secret into a file under `secrets/` in KorProxy's home, or into an environment variable.",
            'Write `key = "file:secrets/NAME"` or `key = "env:NAME"` in its place.',
            "If the file with the secret in it was shared or committed, make a new key on the provider's site.",
            "Run `korproxy check`.",
        ),
        status=503,
    ),
    ErrorCode(
        code="KP-CONF-205",
        message="The secret of an account is not where the configuration says.",
        description=(
            "The environment variable is not set, or the file does not exist or is empty; the message names it."
            " A variable has to be set where the daemon is started: one that is set in another terminal does not count."
            " Accounts that have their secret go on working."
        ),
        steps=(
            "Set the variable in the terminal or service that starts the daemon, or write the file.",
            "A relative path after `file:` counts from KorProxy's home.",
            "A file is read within a second; for a variable restart the daemon: `korproxy stop`, then `korproxy run`.",
        ),
        status=503,
    ),
    ErrorCode(
        code="KP-CONF-206",
        message="Others on this machine can read a secret.",
        description=(
            "A file that holds a key has a mode that lets other users read it, so the key may no longer be a secret."
            " KorProxy makes such files with mode 0600 and does not use one that is open."
            " With an open key file of its own it does not start; with one of an account, only that account is out."
        ),
        steps=(
            "Take the right away from others: `chmod 600 FILE`.",
            "If strangers use this machine, make a new key: on the provider's site, or by deleting KorProxy's own key file.",
            "Run `korproxy check`.",
        ),
        status=503,
    ),
    ErrorCode(
        code="KP-CONF-207",
        message="No account is configured yet.",
        description=(
            "KorProxy runs, but it knows no provider that it could ask, or the provider you named has no account."
            " An account is a table in korproxy.toml that names a provider and says where its key stands."
        ),
        steps=(
            "Write a commented korproxy.toml with `korproxy init`, if there is none yet.",
            "Add a `[providers.X]` table with an account there, and set the variable or file that its `key` names.",
            "Run `korproxy check`. KorProxy reads the file within a second; for a new variable it has to be restarted.",
            "To try KorProxy without an account, run `korproxy run --demo`.",
        ),
        status=503,
    ),
    ErrorCode(
        code="KP-CONF-208",
        message="Two plugins offer something of the same name.",
        description=(
            "Names of providers, formats, redaction rules and the like have to be unique,"
            " or it would be left to chance which one works."
            " The message names both plugins. The one that came later is left out."
        ),
        steps=(
            "See with `korproxy plugins` which plugins are loaded and where they come from.",
            "Uninstall one of the two with pip, or take its file out of the plugins directory.",
            "If one of them is yours, choose another name.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-209",
        message="A plugin is broken.",
        description=(
            "The plugin could not be imported, or it raised an exception or gave something unusable when it was asked."
            " It is left out, and everything else works as before."
        ),
        steps=(
            "See the reason with `korproxy plugins`.",
            "Bring the plugin up to date with pip, or uninstall it.",
            "Start with `--no-plugins` to see whether KorProxy works without any.",
            "Report it to the plugin's author, with the reason.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-210",
        message="A plugin that is required is missing or broken.",
        description=(
            "KorProxy does not start without the plugins that `required` names, its own ones, and those that hide secrets."
            " One of them is not installed, or could not be loaded."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "See the reason with `korproxy plugins`.",
            "Install the plugin into the same virtual environment as KorProxy, or repair it.",
            "If you can do without the plugin, take it out of `required`.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-211",
        message="A configuration file was written for a newer KorProxy.",
        description=(
            "`version` at the top of the file is higher than this KorProxy knows."
            " It would have to guess what the settings mean, so it does not start."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "Bring KorProxy up to date; `korproxy --version` says what is installed.",
            "If you went back to an older KorProxy on purpose, use the file from that time.",
            "To keep both, give the older one another home: `korproxy run --home DIR`.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-212",
        message="Accounts in the configuration do not fit together.",
        description=(
            "Two accounts of one provider have the same name, or an account has no usable name,"
            " or it has both a `key` of its own and the caller's `credential`."
            " Names appear in headers, errors and logs, so they have to tell accounts apart."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "Give every account of a provider a `name` of its own.",
            'Keep either the `key` or `credential = "client"`; an account with neither sends no key at all.',
            "Run `korproxy check`.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-213",
        message="A provider's base_url cannot be used.",
        description=(
            "It has to be a whole address with scheme and host, as in `https://example.com/v1`, that ends with its path."
            " A provider of the type `compatible` cannot do without one."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "Write `base_url` in `[providers.X]` as the provider's documentation gives it, beginning with http or https.",
            "Take user name, password, query and fragment out of it: keys belong into an account.",
            "Run `korproxy check`.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-214",
        message="A plugin registers an error code that it may not use.",
        description=(
            "A plugin's codes have the form `KP-CATEGORY-NNN` and one of the last 20 numbers of their category."
            " No code may be there twice."
            " The plugin is left out, so that one code never means two things."
        ),
        steps=(
            "See the reason with `korproxy plugins`.",
            "If the plugin is yours, choose free numbers: `korproxy errors` lists those that are taken.",
            "If two plugins want the same number, uninstall one of them and tell the authors.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-215",
        message="The configuration has a table for a plugin that is not loaded.",
        description=(
            "A `[plugin.X]` table is read by the plugin of that name, and there is none now."
            " The table is kept and does no harm; the plugin may be installed later."
        ),
        severity=Severity.WARNING,
        steps=(
            "Check the spelling of the table's name against `korproxy plugins`.",
            "Install the plugin if you want it, into the same virtual environment as KorProxy.",
            "Delete the table if you do not.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-216",
        message="There is a korproxy.toml already, and it is not overwritten.",
        description=(
            "`korproxy init` writes a fresh file and would destroy the settings you have."
            " KorProxy never changes that file by itself."
        ),
        steps=(
            "Edit the file that is there, and run `korproxy check`.",
            "If you want a fresh one, run `korproxy init --force`: it keeps the old file beside it.",
            "To get a fresh one beside it, use another home: `korproxy init --home DIR`.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-217",
        message="There is no such error code.",
        description=(
            "`korproxy errors` was asked for a code that neither KorProxy nor a loaded plugin has."
            " It may be mistyped, or come from a plugin that is not installed here or from another version."
        ),
        steps=(
            "List all codes with `korproxy errors`.",
            "If the code comes from a plugin, see with `korproxy plugins` whether it is loaded.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-219",
        message="The demo needs the plugin korproxy-mock.",
        description=(
            "`korproxy run --demo` answers from a mock provider on your own machine, without any account."
            " That provider is a plugin of its own, and it is not installed or not loaded."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "Install the folder `plugins/korproxy-mock` of the source with pip, into the same virtual environment as KorProxy.",
            "See with `korproxy plugins` whether it is loaded; `--no-plugins` leaves it out.",
            "To use a real provider, start with `korproxy init` and leave out `--demo`.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-220",
        message="The routing names a group or profile that does not exist.",
        description=(
            "A profile or a rule in routing.toml, or its choice of profile, names something that does not exist."
            " Requests would go nowhere, so the file is not used: KorProxy goes on with the last good one."
        ),
        severity=Severity.CRITICAL,
        steps=(
            "Look at the place that the message names; it also lists the names that exist.",
            "Correct the name, or add the group or profile that is meant.",
            "Run `korproxy check`.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-221",
        message="A configuration file cannot be used; an older version is used instead.",
        description=(
            "A file is damaged or wrong; the message says which one, where, and with which code."
            " KorProxy uses its last good copy, from `last-good/` in its home."
            " If there is no such copy, a file that KorProxy writes itself is treated as absent."
        ),
        severity=Severity.WARNING,
        steps=(
            "Correct the file at the place that the message names; `korproxy check` lists everything that is wrong.",
            "If it cannot be repaired, copy the last good one over it: the message says where that is.",
            "Until then nothing that you change in this file has any effect.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-222",
        message="A file names a provider or account that is not configured.",
        description=(
            "A provider or account in accounts.toml or routing.toml is not configured."
            " No requests go there; everything else works."
        ),
        severity=Severity.WARNING,
        steps=(
            "Check the spelling, or configure the provider in korproxy.toml.",
            "If it is gone for good, remove it at the place that the message names.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-223",
        message="Another command is changing the configuration.",
        description=(
            "Changes to the configuration happen one after the other, so that none undoes another."
            " Another change did not finish in time, so nothing was changed."
        ),
        steps=(
            "Try again.",
            "If that does not help, look for a korproxy command that hangs, and end it: nothing else holds the lock.",
        ),
        status=503,
        retryable=True,
    ),
    ErrorCode(
        code="KP-CONF-224",
        message="A masked secret has nothing behind it.",
        description=(
            "An exported configuration shows a mask in place of each secret."
            " On import the mask stands for the value that is there now."
            " There is no such value, so the mask itself would have been saved; nothing was changed."
        ),
        steps=(
            "Write the value into the file at the place that the message names.",
            "Better: move the secret into a file or variable, and write a reference such as `env:NAME` there.",
            "Import the file again.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-CONF-225",
        message="This is not an exported configuration.",
        description=(
            "The file is not what `korproxy config export` writes, or it was cut off, or another version of KorProxy wrote it."
            " Nothing was changed."
        ),
        steps=(
            "Export the configuration again, whole.",
            "Update KorProxy if the file comes from a newer version.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-CONF-226",
        message="There is nothing with that name.",
        description=(
            "The profile, group, rule, alias, provider or account that was named does not exist."
            " The message lists those that do. Nothing was changed."
        ),
        steps=("Check the spelling.", "If it should exist, add it first."),
        status=404,
    ),
    ErrorCode(
        code="KP-CONF-227",
        message="There is already something with that name.",
        description=(
            "A profile, group, rule or account was to be added under a name that is taken, or a file is in the way."
            " Nothing was changed or overwritten."
        ),
        steps=("Choose another name.", "If you do not want the old one, delete it first."),
        status=409,
    ),
    ErrorCode(
        code="KP-CONF-228",
        message="It is still in use, so it cannot be removed.",
        description=(
            "A profile or a rule names it, it is the profile in force,"
            " or it is in korproxy.toml, which KorProxy does not change. The message says which. Nothing was changed."
        ),
        steps=("Change what the message names.", "Then try again."),
        status=409,
    ),
    ErrorCode(
        code="KP-CONF-229",
        message="A configuration file cannot be written.",
        description=(
            "The disk is full or read-only, or you may not write there; the message gives the system's reason."
            " Files are replaced in one step, so what was there before is unchanged."
        ),
        steps=(
            "Free some disk space, or correct the permissions of KorProxy's home.",
            "Try again.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-230",
        message="A configuration file is of an older version.",
        description=(
            "It was written for an older KorProxy, and is converted when it is read; it works as before."
            " Your own korproxy.toml is not changed. A file that KorProxy writes itself is rewritten with its next change,"
            " and the old one is kept."
        ),
        severity=Severity.WARNING,
        steps=(
            "Nothing has to be done.",
            "To get rid of this message, run `korproxy config migrate --settings`; the old file is kept.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-231",
        message="Safe mode is not available here.",
        description=(
            "Safe mode cannot be switched on, because `[features] safe_mode` in korproxy.toml turns the feature off."
            " Nothing was changed."
        ),
        steps=(
            "Remove `[features] safe_mode` from korproxy.toml, or set it to true.",
            "Then try again.",
        ),
        status=400,
    ),
    ErrorCode(
        code="KP-CONF-232",
        message="The routing names a strategy or code that does not exist.",
        description=(
            "A group in routing.toml has a strategy, or a rule refuses with a code, that neither KorProxy nor a loaded plugin"
            " knows. The message says what happens instead; everything else works."
        ),
        severity=Severity.WARNING,
        steps=(
            "Check the spelling at the place that the message names.",
            "Check with `korproxy plugins` whether the plugin that offers it is loaded.",
            "`korproxy errors` lists the codes that can be used.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-240",
        message="The changed configuration cannot be used; the previous one stays in force.",
        description=(
            "KorProxy read its files again, because one had changed or because it was asked to, and found mistakes."
            " The log lists each mistake with its file, place and code."
            " Requests are answered as before; a restart would also fall back to the last configuration that worked."
        ),
        steps=(
            "Run `korproxy check` and correct what it finds: KorProxy reads a file again as soon as it is saved.",
            "Look at `korproxy status`: it says how the last reload went.",
        ),
        status=409,
    ),
    ErrorCode(
        code="KP-CONF-241",
        message="A changed setting takes effect only after a restart.",
        description=(
            "The configuration was read again, and all other changes are in force."
            " Whatever is opened or started together with KorProxy stays as it is until a restart:"
            " addresses and port, and what plugins run beside the server."
        ),
        severity=Severity.WARNING,
        steps=(
            "Restart KorProxy when it suits you: `korproxy stop` lets running answers finish.",
            "Look at the log or at `korproxy status`: both name the settings that wait for it.",
        ),
        status=500,
    ),
    ErrorCode(
        code="KP-CONF-242",
        message="There is no such account.",
        description=(
            "A command or program named an account that no provider of the running KorProxy has."
            " The message lists those that there are."
        ),
        steps=(
            "Check the spelling: a provider is named by its id in korproxy.toml, an account by its name there.",
            "Run `korproxy status` to see providers and accounts that are in force.",
        ),
        status=404,
    ),
    ErrorCode(
        code="KP-CONF-246",
        message="A redaction rule that the settings name does not exist.",
        description=(
            "`[redaction] outgoing` names rules that take secrets out of what is sent to providers, and no rule has this name."
            " KorProxy does not start without it: what it was to hide would go out."
        ),
        steps=(
            "Check the spelling: the message lists the names that there are.",
            "If the rule belongs to a plugin, check with `korproxy plugins` whether that is loaded.",
            "Or take the name out of `outgoing`.",
        ),
        status=500,
    ),
)
