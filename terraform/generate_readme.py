"""Write the tables of README.md from the Terraform files, in the layout of terraform-docs: `python generate_readme.py`.

With `--check` nothing is written, and the exit code is 1 if the page isn't what the files say. It reads files that
`terraform fmt` has formatted: a block begins and ends at the left margin, its arguments are indented by two spaces.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
BEGIN, END = "<!-- BEGIN_TF_DOCS -->\n", "<!-- END_TF_DOCS -->\n"
_BLOCK = r'^{}((?: "[^"]+")*) \{{\n(.*?)^\}}$'
REGISTRY = "https://registry.terraform.io/providers/hashicorp"


def blocks(kind: str) -> Iterator[tuple[list[str], str]]:
    """The labels and the inside of each block of a kind, in the files' order."""
    for file in sorted(HERE.glob("*.tf")):
        for match in re.finditer(_BLOCK.format(kind), file.read_text(), re.MULTILINE | re.DOTALL):
            yield re.findall(r'"([^"]+)"', match[1]), match[2]


def argument(inside: str, name: str) -> str | None:
    """The text of an argument's value; of several lines if it is a call, an object or a list."""
    match = re.search(rf"^  {name} += (.*?)\n(?=  [a-z]|\n|\Z)", inside, re.MULTILINE | re.DOTALL)
    return match[1].rstrip() if match else None


def text(value: str | None) -> str:
    """What a string in quotes says."""
    return (value or "").strip('"').replace('\\"', '"').replace("|", "\\|")


def table(*rows: list[str]) -> str:
    """A table in Markdown; the first row is its head."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]) + "\n"


def code(value: str) -> str:
    """A value as code: in the line, or, if it has several lines, in a block that a table can hold."""
    if "\n" not in value:
        return f"`{value}`"
    lines = [line.removeprefix("  ").replace("|", "\\|") for line in value.splitlines()]
    return f"<pre>{'<br>'.join(lines)}</pre>"


def requirements() -> Iterator[list[str]]:
    """Versions of Terraform and of the providers."""
    _, inside = next(block for block in blocks("terraform") if "required_version" in block[1])
    yield ["Name", "Version"]
    yield ["terraform", text(argument(inside, "required_version"))]
    for name, version in re.findall(r"^    ([\w-]+) = \{.*?version = \"([^\"]+)\"", inside, re.MULTILINE | re.DOTALL):
        yield [name, version]


def resources() -> Iterator[list[str]]:
    """Every kind of resource and data source, with its names."""
    yield ["Name", "Type"]
    kinds = (("resource", "resources", "resource"), ("data", "data-sources", "data source"))
    for kind, path, word in (*kinds, ("ephemeral", "ephemeral-resources", "ephemeral resource")):
        for (type_, name), _ in sorted(blocks(kind)):
            provider, _, rest = type_.partition("_")
            yield [f"[{type_}.{name}]({REGISTRY}/{provider}/latest/docs/{path}/{rest})", word]


def inputs() -> Iterator[list[str]]:
    """The variables."""
    yield ["Name", "Description", "Type", "Default", "Required"]
    for (name,), inside in sorted(blocks("variable")):
        type_, default = argument(inside, "type") or "any", argument(inside, "default")
        shown, required = ("n/a", "yes") if default is None else (code(default), "no")
        yield [name, text(argument(inside, "description")), code(type_), shown, required]


def outputs() -> Iterator[list[str]]:
    """The outputs."""
    yield ["Name", "Description"]
    for (name,), inside in sorted(blocks("output")):
        yield [name, text(argument(inside, "description"))]


def modules() -> Iterator[list[str]]:
    """The modules that are called."""
    yield ["Name", "Source"]
    for (name,), inside in sorted(blocks("module")):
        source = text(argument(inside, "source"))
        yield [name, f"[{source}]({source})"]


def page(current: str) -> str:
    """README.md, with what stands between the marks written anew."""
    parts = {
        "Requirements": requirements,
        "Modules": modules,
        "Resources": resources,
        "Inputs": inputs,
        "Outputs": outputs,
    }
    tables = "\n".join(f"## {title}\n\n{table(*rows())}" for title, rows in parts.items())
    head, rest = current.split(BEGIN)
    return head + BEGIN + tables + END + rest.split(END)[1]


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    readme = HERE / "README.md"
    current = readme.read_text()
    wanted = page(current)
    if "--check" not in arguments:
        readme.write_text(wanted)
    elif current != wanted:
        sys.stderr.write("terraform/README.md is not what the files say: python terraform/generate_readme.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
