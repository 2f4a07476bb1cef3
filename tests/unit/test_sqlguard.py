"""What may be asked of a release by a stranger: one SELECT or EXPLAIN, parsed by DuckDB itself."""

from __future__ import annotations

import pytest

from muniment.errors import UsageError
from muniment.sqlguard import check


@pytest.mark.parametrize(
    "statement",
    ["select 1", "with a as (select 1) select * from a", "from range(3)", "explain select 1",
     "EXPLAIN ANALYZE select 1", "-- why\nselect 1;", "/* a */ -- b\nexplain select 1",
     "explain (format json) select 1", "select 'checkpoint' as query"],
)  # fmt: skip
def test_reading_statements_pass(statement: str) -> None:
    check(statement)


@pytest.mark.parametrize(
    "statement",
    ["", "select 1; select 2", "insert into t values (1)", "create temp table t as select 1",
     "set variable x = 1", "set memory_limit='9GB'", "pragma enable_profiling", "checkpoint",
     "copy (select 1) to 'x'", "attach 'x'", "install httpfs", "load httpfs",
     "call pragma_version()",
     "explain create table t as select 1", "explain analyze delete from t", "vacuum", "begin",
     "from enable_logging()", "from checkpoint ()", "select * from \"enable_profiling\"/**/()",
     "from truncate_duckdb_logs()", "select write_log('x')", "select setseed(0.1)",
     "from query('select 1')", "select * from json_execute_serialized_sql('{}')",
     "explain (select 1) delete from t",
     "prepare p as select 1", "export database 'x'", "selec 1"],
)  # fmt: skip
def test_everything_else_is_refused(statement: str) -> None:
    with pytest.raises(UsageError):
        check(statement)
