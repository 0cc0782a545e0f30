"""The scripts that make a shell ask :mod:`bunker.completion.offer`."""

import shlex
import sys
from typing import Final

_BASH: Final = """\
# Completion of `invoke` in a fleet of Bunker Ops; `invoke completion bash` printed it.
_bunker_invoke() {
    local IFS=$'\\n'
    COMPREPLY=($(@python@ -m bunker complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    # Bash holds what stands before `=` for a word of its own.
    if [[ ${COMP_WORDS[COMP_CWORD]} == = || ${COMP_WORDS[COMP_CWORD-1]} == = ]]; then
        COMPREPLY=("${COMPREPLY[@]#*=}")
    fi
}
complete -o default -F _bunker_invoke inv invoke
"""
_ZSH: Final = """\
#compdef inv invoke
# Completion of `invoke` in a fleet of Bunker Ops; `invoke completion zsh` printed it.
_bunker_invoke() {
    local -a found
    found=(${(f)"$(@python@ -m bunker complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    if (( ${#found} )); then compadd -- "${found[@]}"; else _files; fi
}
if [[ $funcstack[1] == _bunker_invoke || $funcstack[1] == _invoke ]]; then
    _bunker_invoke "$@"
else
    compdef _bunker_invoke inv invoke
fi
"""
_FISH: Final = """\
# Completion of `invoke` in a fleet of Bunker Ops; `invoke completion fish` printed it.
function __bunker_invoke
    set -l before (commandline -opc)
    set -l found (@python@ -m bunker complete -- $before[2..-1] (commandline -ct) 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
for name in inv invoke
    complete -c $name -f -a '(__bunker_invoke)'
end
"""
SCRIPTS: Final = {"bash": _BASH, "fish": _FISH, "zsh": _ZSH}


def script(shell: str) -> str:
    """The script of a shell, with the Python that runs now, wherever it is sourced later."""
    return SCRIPTS[shell].replace("@python@", shlex.quote(sys.executable))
