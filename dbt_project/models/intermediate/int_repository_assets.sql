-- The asset that a repository is, by version: the register's row whose native_id is its name; of
-- several the repository, then the service.
select
  asset_id,
  lower(native_id) as repository,
  is_in_scope,
  valid_from,
  valid_to,
  record_key
from {{ ref('int_assets') }}
where native_id is not null and type not in ('system', 'log_source')
qualify row_number() over (
  partition by lower(native_id), valid_from
  order by type = 'repository' desc, type = 'service' desc, asset_id
) = 1
