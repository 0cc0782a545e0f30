"""The whole host: `pyinfra inventories/NAME.py deploys/site.py`.

Limit it with `--data bunker_tags=base,docker,env,changemaker`.
"""

from deploys.whole_host import site

site()
