{{ register_rows('asset', [
  'asset_id',
  'entity',
  'type',
  'name',
  'native_id',
  'owner',
  'environment',
  'criticality',
  'data_class',
  'os_name',
  'os_version',
  'scanner_types',
  'in_scope',
  'scope_reason',
  'scope_approver'
]) }}
