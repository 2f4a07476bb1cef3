{#- What GitHub says of a commit, in a pull request's list or a branch's. -#}
{% macro github_commit_fields() -%}
    {
      "sha": "VARCHAR",
      "commit": {
        "author": {"name": "VARCHAR", "email": "VARCHAR", "date": "VARCHAR"},
        "committer": {"email": "VARCHAR", "date": "VARCHAR"},
        "message": "VARCHAR",
        "tree": {"sha": "VARCHAR"}
      },
      "author": {"login": "VARCHAR", "type": "VARCHAR"},
      "committer": {"login": "VARCHAR", "type": "VARCHAR"},
      "parents": [{"sha": "VARCHAR"}]
    }
{%- endmacro %}

{#- The same by our names; names and messages of people only as hashes. -#}
{% macro github_commit() -%}
  parsed.sha as commit_sha,
  list_transform(parsed.parents, lambda parent: parent.sha) as parents,
  parsed.commit.tree.sha as tree_sha,
  parsed.author.login as author_login,
  parsed.author.type as author_type,
  md5(parsed.commit.author.name) as author_name_hash,
  lower(trim(parsed.commit.author.email)) as author_email,
  try_cast(parsed.commit.author.date as timestamptz) at time zone 'UTC' as authored_at,
  parsed.committer.login as committer_login,
  try_cast(parsed.commit.committer.date as timestamptz) at time zone 'UTC' as committed_at,
  list_transform(
    regexp_extract_all(parsed.commit.message, '(?im)^co-authored-by:[^<\n]*<([^>\n]+)>', 1),
    lambda email: lower(trim(email))
  ) as coauthor_emails,
  md5(parsed.commit.message) as message_hash
{%- endmacro %}
