"""Making images: pulled where a registry answers, from distribution packages where none does."""

import json
import subprocess
import tempfile
import time
from contextlib import AbstractContextManager
from pathlib import Path

from filelock import FileLock

from bunker.errors import BunkerError
from bunker.lab import machine
from bunker.lab.engine import Engine, EngineError, follow, seen
from bunker.lab.names import LABEL_IMAGE
from bunker.lab.progress import progress
from bunker.lab.recipes import BASE_LEAVES_OUT, Base, Recipe

DEBIAN_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
BUILD_SECONDS = 1200
LOCK_SECONDS = 1800.0
# A registry that could not be reached is not asked again for this long.
REMEMBER_SECONDS = 3600.0
# Words in a refusal that came from a registry: it is there, but does not give this image.
REGISTRY_ANSWERED = ("manifest unknown", "denied", "does not exist", "too many requests")


class Images:
    """Ensures that images exist in the engine; several threads and processes may ask at once."""

    def __init__(self, engine: Engine, cache: Path) -> None:
        self.engine = engine
        self._locks = cache / "locks"
        self._unreachable = cache / "registry-unreachable"

    def present(self, tag: str) -> bool:
        """Whether the engine has the image."""
        return seen(self.engine.inspect_image, tag) is not None

    def base(self, base: Base) -> str:
        """The base image's tag, after pulling or making it where it was missing."""
        with self.lock(base.tag):
            if not self.present(base.tag):
                if self.pull(base.public):
                    self.engine.tag(base.public, base.tag)
                elif base.suite:
                    self._install_base(base)
                else:
                    raise BunkerError(
                        f"{base.public} can only be pulled, and no image registry answers here",
                        remedy="Use debian:trixie or debian:bookworm, which are made from packages",
                    )
        return base.tag

    def recipe(self, recipe: Recipe) -> str:
        """The recipe's image, after building it where it was missing."""
        with self.lock(recipe.tag):
            if self.present(recipe.tag):
                return recipe.tag
            if recipe.pull and recipe.public and self.pull(recipe.public[0]):
                self.engine.tag(recipe.public[0], recipe.tag)
                return recipe.tag
            if isinstance(recipe.base, Recipe):
                base, on = self.recipe(recipe.base), recipe.base.name
            else:
                base, on = self.base(recipe.base), recipe.base.public
            progress(f"building the image {recipe.name} ({on})")
            # The SDK knows the classic builder alone, which works with every engine of the
            # supported distributions; BuildKit would ask an http registry over https.
            built = self.engine.build(
                path=str(recipe.folder),
                tag=recipe.tag,
                buildargs={"BASE": base},
                labels={LABEL_IMAGE: recipe.name},
                rm=True,
                forcerm=True,
                use_config_proxy=True,
                timeout=BUILD_SECONDS,
                decode=True,
            )
            follow(f"building {recipe.name}", built)
        return recipe.tag

    def pull(self, public: str) -> bool:
        """Pull an image; False where no registry can be reached, which is remembered a while."""
        with self.lock("registry"):
            if self._known_unreachable():
                return False
            progress(f"pulling {public}")
            try:
                follow(f"pulling {public}", self.engine.pull(public, stream=True, decode=True))
            except EngineError as error:
                if any(word in str(error).lower() for word in REGISTRY_ANSWERED):
                    progress(f"{public} cannot be pulled; building it from packages")
                    return False
                self._unreachable.touch()
                progress("no image registry answers; building from distribution packages")
                return False
            return True

    def _known_unreachable(self) -> bool:
        note = self._unreachable
        return note.exists() and 0 <= time.time() - note.stat().st_mtime < REMEMBER_SECONDS

    def lock(self, name: str) -> AbstractContextManager[object]:
        """No one else makes the image of that tag meanwhile, in whatever checkout."""
        self._locks.mkdir(parents=True, exist_ok=True)
        file = self._locks / name.replace("/", "-").replace(":", "-")
        return FileLock(file, timeout=LOCK_SECONDS)

    def _install_base(self, base: Base) -> None:
        if not machine.is_root():
            raise BunkerError(
                f"{base.public} cannot be pulled here, and making it from packages takes root",
                remedy="Run the command once as root; the image is kept",
            )
        machine.require({"debootstrap": "debootstrap"})
        if not DEBIAN_KEYS.exists():  # Ubuntu's debootstrap comes without them
            machine.install("debian-archive-keyring")
        progress(f"making {base.public} from distribution packages (about half a minute)")
        with tempfile.TemporaryDirectory(
            prefix="bunker-lab-", ignore_cleanup_errors=True
        ) as folder:
            tree = f"{folder}/root"
            run = ["debootstrap", "--variant=minbase", "--force-check-gpg", str(base.suite), tree]
            made = subprocess.run(run, capture_output=True, text=True, check=False, timeout=900)
            if made.returncode != 0:
                last = (made.stdout + made.stderr).strip().splitlines()[-1:]
                raise BunkerError(f"debootstrap {base.suite} failed: {' '.join(last)}")
            self._import(tree, base.tag)

    def _import(self, tree: str, tag: str) -> None:
        leave_out = [f"--exclude={pattern}" for pattern in BASE_LEAVES_OUT]
        packed = subprocess.Popen(
            ["tar", "--numeric-owner", "-C", tree, *leave_out, "-c", "."],
            stdout=subprocess.PIPE,
        )
        try:
            changes = [f'LABEL {LABEL_IMAGE}="base"', 'CMD ["/bin/bash"]']
            said = self.engine.import_image_from_stream(packed.stdout, tag, changes=changes)
            follow(f"importing {tag}", map(json.loads, said.splitlines()))
        finally:
            if packed.stdout:
                packed.stdout.close()
            if packed.wait() != 0:
                raise BunkerError(f"packing the base image {tag} failed")
