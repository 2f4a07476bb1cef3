with source as (
  {{ bronze_records('github_saml_identities', 'saml_identity', '
    {
      "guid": "VARCHAR",
      "samlIdentity": {"nameId": "VARCHAR", "emails": [{"value": "VARCHAR"}]},
      "user": {"login": "VARCHAR", "databaseId": "VARCHAR"}
    }
  ') }}
),

renamed as (
  select
    {{ provenance() }},
    cast(received_at as date) as event_day,

    parsed.guid as identity_id,
    lower(parsed."user".login) as login,
    parsed."user"."databaseId" as account_id,
    parsed."samlIdentity"."nameId" as name_id,
    -- the name is an address where the company chose so; else the first address that it sent along
    lower(
      if(
        contains(parsed."samlIdentity"."nameId", '@'),
        parsed."samlIdentity"."nameId",
        parsed."samlIdentity".emails[1].value
      )
    ) as email,

    md5(cast(record as varchar)) as content_hash
  from source
)

{{ dedupe('renamed', ['receipt_id', 'identity_id', 'content_hash']) }}
