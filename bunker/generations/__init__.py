"""What a host ran and runs: its generations, read from the host itself, and how two differ."""

from bunker.generations.difference import Difference, FileDifference, read_difference
from bunker.generations.model import Generation, Step, steps
from bunker.generations.reading import read_generations
