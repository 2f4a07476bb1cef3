"""SQL that cuts a document into the elements that its shape names, and what remains.

A pattern (`/runs/*/results/*`) is read as steps, each a pointer to an array. Each level is parsed
once, so the work stays in proportion to the document.
"""

from __future__ import annotations

from muniment.database import literal
from muniment.sources.spec import Shape

#: pointer to an array -> the arrays within its elements; {} where its elements are the records
Tree = dict[str, "Tree"]


def steps(pattern: str) -> list[str]:
    """'/runs/*/results/*' -> ['/runs', '/results']; '/*/Vulnerabilities/*' -> ['', …]."""
    if not pattern.endswith("/*"):
        raise ValueError(f"pattern '{pattern}' must end in '/*'")
    parts, found = pattern.split("/")[1:], [""]
    for part in parts[:-1]:
        if part == "*":
            found.append("")
        else:
            found[-1] += f"/{part}"
    return found


def records(table: str, shape: Shape) -> str:
    """Rows of every element, numbered over all of its document, and the remainder as record 0.

    `table`: documents, with columns object_no and json. Where the shape names `stated_at`, each row
    bears what its document says there.
    """
    levels = " union all ".join(
        f"select {at} as pattern_no, * from ({_level(table, steps(pattern))})"
        for at, pattern in enumerate(shape.elements)
    )
    tree = _tree(shape.elements)
    found = (
        f"select {literal(shape.stream)} as stream, object_no, row_number() over "
        "(partition by object_no order by pattern_no, positions) as record_no, "
        f"path as record_path, node as record from ({levels}) union all "
        f"select {literal(shape.rest or shape.stream)}, object_no, 0, '', "
        f"{_emptied('json', tree, 0)} "
        f"from {table}"
    )
    if shape.stated_at is None:
        return f"{found} order by record_no"
    return (
        f"select * from ({found}) inner join (select object_no, json_extract_string(json, "
        f"{literal(shape.stated_at)}) as stated_at from {table}) using (object_no) "
        "order by record_no"
    )


def misfits(table: str, shape: Shape) -> str:
    """Where a document in `table` is not of its shape: (path, expected, found), or nothing."""
    found = {check: check for check in _missing_marks(table, shape)}
    for pattern in shape.elements:
        parts = steps(pattern)
        for depth in range(len(parts)):
            for check in _checks(table, parts[: depth + 1]):
                found.setdefault(check, check)
    return " union all ".join(found)


def _missing_marks(table: str, shape: Shape) -> list[str]:
    return [
        f"select {literal(pointer)} as path, {literal(pattern)} as expected, "
        f"coalesce(json_extract_string(json, {literal(pointer)}), 'nothing') as found from {table} "
        f"where {_type('json', pointer)} is null or not regexp_full_match("
        f"coalesce(json_extract_string(json, {literal(pointer)}), ''), {literal('(?s)' + pattern)})"
        for pointer, pattern in shape.marks
    ]


def _checks(table: str, parts: list[str]) -> list[str]:
    """The last array's own type, and that of whatever its pointer leads through.

    A name that is there twice hides what stands under the second: JSON does not say which counts.
    """
    level, pointer = _level(table, parts[:-1]), parts[-1]
    checks = [(pointer, "ARRAY")]
    while pointer:
        pointer = pointer.rpartition("/")[0]
        checks.append((pointer, "OBJECT"))
    wanted = ", ".join(literal(kind) for _, kind in checks)
    places = ", ".join(literal(at) for at, _ in checks)
    types = (
        "select path || place as path, expected, found from (select path, "
        f"unnest([{places}]) as place, unnest([{wanted}]) as expected, "
        f"unnest({_types('node', [at for at, _ in checks])}) as found from ({level})) "
        "where found not in (expected, 'NULL')"
    )
    names = [
        f"select path || {literal(at)} as path, 'each name once' as expected, "
        # unnested, or the filter would parse the node once for each mention of its keys
        f"'a name twice' as found from (select path, unnest([{_keys('node', at)}]) as keys "
        f"from ({level})) where len(keys) > len(list_distinct(keys))"
        for at, _ in checks[1:]
    ]
    return [types, *names]


def _level(table: str, parts: list[str]) -> str:
    rows = f"select object_no, '' as path, []::integer[] as positions, json as node from {table}"
    for pointer in parts:
        rows = (
            f"select object_no, path || {literal(pointer + '/')} || position as path, "
            "list_append(positions, position::integer) as positions, node from ("
            "select object_no, path, positions, unnest(items) as node, "
            "unnest(range(len(items))) as position "
            f"from (select object_no, path, positions, {_items('node', pointer)} as items "
            f"from ({rows})))"
        )
    return rows


def _type(node: str, pointer: str) -> str:
    return f"json_type({node}, {literal(pointer)})" if pointer else f"json_type({node})"


def _types(node: str, pointers: list[str]) -> str:
    """The types at all these places: one call parses the node once, a call each once for each."""
    return f"json_type({node}, [{', '.join(map(literal, pointers))}])"


def _keys(node: str, pointer: str) -> str:
    return f"json_keys({node}, {literal(pointer)})" if pointer else f"json_keys({node})"


def _items(node: str, pointer: str) -> str:
    path = "$" + "".join(f'."{key}"' for key in pointer.split("/")[1:])
    return f"json_extract({node}, {literal(path + '[*]')})"


def _tree(patterns: tuple[str, ...]) -> Tree:
    tree: Tree = {}
    for pattern in patterns:
        branch = tree
        for pointer in steps(pattern):
            branch = branch.setdefault(pointer, {})
    return tree


def _emptied(node: str, tree: Tree, depth: int) -> str:
    """An expression for `node` with every array whose elements are records emptied."""
    if "" in tree:
        emptied = _value(node, "", tree[""], depth)
        return f"case when json_type({node}) = 'ARRAY' then {emptied} else {node} end"
    types = _types(node, ["", *tree])
    patches = ", ".join(
        f"case when {types}[{at}] = 'ARRAY' "
        f"then {_nested(pointer, _value(node, pointer, inner, depth))} else json('{{}}') end"
        for at, (pointer, inner) in enumerate(tree.items(), start=2)
    )
    return (
        f"case when {types}[1] = 'OBJECT' then json_merge_patch({node}, {patches}) else {node} end"
    )


def _value(node: str, pointer: str, inner: Tree, depth: int) -> str:
    if not inner:
        return "json('[]')"
    element = f"element_{depth}"
    return (
        f"to_json(list_transform({_items(node, pointer)}, "
        f"lambda {element}: {_emptied(element, inner, depth + 1)}))"
    )


def _nested(pointer: str, value: str) -> str:
    for key in reversed(pointer.split("/")[1:]):
        value = f"json_object({literal(key)}, {value})"
    return value
