"""Where a trained model is from."""

from typing import NamedTuple


class Origin(NamedTuple):
    """What one must know of a model's training to use it, by `RunConfig`'s names.

    A preset may be from another machine or a later version, so nothing here is checked: the
    domains are when they are opened. `None` is what nobody wrote down.
    """

    method: str = "ada_atdt"
    to_task: str = "semantic"
    source: str | None = None
    target: str | None = None
    source_options: dict | None = None
    target_options: dict | None = None

    @classmethod
    def of(cls, run: dict) -> "Origin":
        """The part of a run's configuration that counts; whatever else there is, is not read.

        Example:
            >>> Origin.of({"to_task": "depth", "target": "my_streets", "an_option_of_2030": 1})[1:4]
            ('depth', None, 'my_streets')
        """
        return cls(**{name: run[name] for name in cls._fields if name in run})

    def options(self, domain: str) -> dict:
        """How the model's run opened a domain."""
        opened = {self.source: self.source_options, self.target: self.target_options}
        return opened.get(domain) or {}
