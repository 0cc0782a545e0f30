"""The registry mirror: a registry that holds every image of the stack under its public name."""

from concurrent.futures import ThreadPoolExecutor

from docker.utils import parse_repository_tag

from bunker.lab import wait
from bunker.lab.engine import follow
from bunker.lab.images import Images
from bunker.lab.names import LABEL_IMAGE, Naming
from bunker.lab.progress import progress
from bunker.lab.recipes import Recipe, bake_tag, mirror_name

PORT = 5000
START_SECONDS = 20.0


def filled_image(images: Images, naming: Naming, registry: Recipe, recipes: list[Recipe]) -> str:
    """Tag of a registry image that already holds the stack; made at the first call.

    The images are pushed into a passing registry whose container is then committed: the next lab
    starts with content at once.
    """
    tag = bake_tag(registry, recipes)
    with images.lock(tag):
        if not images.present(tag):
            _fill(images, naming, registry, recipes, tag)
    return tag


def _fill(
    images: Images, naming: Naming, registry: Recipe, recipes: list[Recipe], tag: str
) -> None:
    engine = images.engine
    with ThreadPoolExecutor(max_workers=4) as pool:
        empty = pool.submit(images.recipe, registry)
        made = list(pool.map(images.recipe, recipes))
        source = empty.result()
    name = naming.container("registry-filling")
    engine.remove(name)  # left by an interrupted filling
    engine.create_container(
        source,
        name=name,
        labels=naming.labels(part="registry-filling"),
        ports=[PORT],
        # Engines trust plain http on the loopback address only.
        host_config={"PortBindings": {f"{PORT}/tcp": [{"HostIp": "127.0.0.1"}]}},
    )
    try:
        engine.start(name)
        port = int(engine.port(name, PORT)[0]["HostPort"])
        wait.for_port("127.0.0.1", port, "the registry", seconds=START_SECONDS)
        for recipe, image in zip(recipes, made, strict=True):
            for public in recipe.public:
                progress(f"filling the registry mirror: {public}")
                target = f"127.0.0.1:{port}/{mirror_name(public)}"
                engine.tag(image, target)
                try:
                    follow(f"pushing {public}", engine.push(target, stream=True, decode=True))
                finally:
                    engine.remove_image(target, noprune=True)
        repository, filled = parse_repository_tag(tag)
        change = f"LABEL {LABEL_IMAGE}=registry-filled"
        engine.commit(name, repository, filled, changes=change)
    finally:
        engine.remove(name)
