"""YAML as a tree with lines, built from the parser's events: no tag is honoured, nothing is constructed, no recursion, so that
neither deep nesting nor an alias that multiplies itself costs more than the text's own length."""

from __future__ import annotations

from typing import NamedTuple, Union

MAX_DEPTH = 100
MAX_EVENTS = 200_000


class Node(NamedTuple):
    """value: a scalar's text, a list, or a mapping by its keys' texts. line: from 1."""

    value: Union[str, list[Node], dict[str, Node]]  # noqa: UP007  (the name is not there yet at run time)
    line: int

    def get(self, key: str) -> Node:
        """EMPTY where it is no mapping or has no such key."""
        return self.value.get(key, EMPTY) if isinstance(self.value, dict) else EMPTY

    @property
    def text(self) -> str:
        return self.value if isinstance(self.value, str) else ""

    @property
    def items(self) -> list[Node]:
        return self.value if isinstance(self.value, list) else []

    @property
    def pairs(self) -> dict[str, Node]:
        return self.value if isinstance(self.value, dict) else {}


EMPTY = Node("", 0)


class BrokenYaml(ValueError):
    """line, column: from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line, self.column = line, column


class _Open:
    """A list or mapping that has not ended."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.key: str | None = None

    def take(self, child: Node) -> None:
        if isinstance(self.node.value, list):
            self.node.value.append(child)
        elif isinstance(self.node.value, dict):
            if self.key is None:
                self.key = child.text
                return
            if self.key == "<<":
                for merged in child.items or [child]:
                    for name, value in merged.pairs.items():
                        self.node.value.setdefault(name, value)
            else:
                self.node.value[self.key] = child
            self.key = None


def load(text: str) -> Node:
    """The first document. BrokenYaml: not YAML, or nested deeper than any file that a person writes."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    above: list[_Open] = [_Open(Node([], 1))]
    anchors: dict[str, Node] = {}
    try:
        for number, event in enumerate(yaml.parse(text, Loader=loader)):
            mark = event.start_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            if isinstance(event, yaml.DocumentEndEvent):
                break
            if number > MAX_EVENTS or len(above) > MAX_DEPTH:
                raise BrokenYaml("it is too large or nested too deeply", line, column)
            _event(event, line, above, anchors)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise BrokenYaml(error.problem or "not YAML", line, column) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else 1
        raise BrokenYaml("it has a character that YAML forbids", line, 1) from error
    found = above[0].node.items
    return found[0] if found else EMPTY


def _event(event: object, line: int, above: list[_Open], anchors: dict[str, Node]) -> None:
    import yaml

    if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
        done = above.pop().node
        above[-1].take(done)
        return
    node = EMPTY
    if isinstance(event, yaml.AliasEvent):
        above[-1].take(anchors.get(event.anchor or "", EMPTY))
        return
    if isinstance(event, yaml.ScalarEvent):
        node = Node(event.value, line)
        above[-1].take(node)
    elif isinstance(event, yaml.MappingStartEvent):
        node = Node({}, line)
        above.append(_Open(node))
    elif isinstance(event, yaml.SequenceStartEvent):
        node = Node([], line)
        above.append(_Open(node))
    if getattr(event, "anchor", None):
        anchors[str(getattr(event, "anchor", ""))] = node
