"""What a shell may offer behind `invoke`. A key press waits for it, so it loads next to nothing.

:mod:`bunker.completion.offer` answers from a file of known commands and from names of files;
:mod:`bunker.completion.known` makes that file anew, which takes half a second, where the program
changed; :mod:`bunker.completion.shells` has the scripts.
"""
