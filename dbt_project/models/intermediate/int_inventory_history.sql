-- The estate in versions: one row for each unbroken run of days on which a thing looked the same in
-- its own system's list. Only of systems that list what is there, day by day: a file that describes
-- an image or a host when it is made says nothing of the days after. AWS Config's snapshots are such
-- lists, though they come as files of days past.
with listed as (
  select
    inventory.source_id,
    inventory.day,
    inventory.asset_type,
    inventory.native_id,
    inventory.account,
    -- one image may bear two names in one place
    string_agg(distinct inventory.name, ', ' order by inventory.name) as name,
    min(inventory.record_key) as record_key,
    {%- for column in [
      'system', 'entity', 'provider', 'region', 'environment', 'owner', 'os_name', 'os_version',
      'version', 'digest', 'purl', 'cpe',
    ] %}
    arg_min(inventory.{{ column }}, inventory.record_key) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
  from {{ ref('int_inventory') }} as inventory
  inner join {{ source('ops', 'sources') }} as configured
    on inventory.source_id = configured.source_id
    and (configured.mode = 'state' or configured.kind = 'aws_config_inventory')
  where inventory.native_id is not null
  group by
    inventory.source_id, inventory.day, inventory.asset_type, inventory.native_id, inventory.account
)

select * from (
  {{ daily_history(
    'listed', ['asset_type', 'native_id', 'account'],
    [
      'name', 'system', 'entity', 'provider', 'region', 'environment', 'owner', 'os_name',
      'os_version', 'version', 'digest', 'purl', 'cpe',
    ],
    ['assets.inventory', 'assets.device', 'workloads']
  ) }}
) as versions
