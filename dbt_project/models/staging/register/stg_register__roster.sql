{{ register_rows('roster', [
  'person_id',
  'entity',
  'work_email',
  'name',
  'employer',
  'vendor_id',
  'manager_id',
  'role',
  'country',
  'start_at',
  'end_at',
  'logins'
]) }}
