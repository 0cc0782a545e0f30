"""The whole host, for pyinfra's own command line: `pyinfra inventories/production.py deploy.py`.

Limit it with `--data bunker_tags=base,docker,env,changemaker`.
"""

from deploys.whole_host import site

site()
