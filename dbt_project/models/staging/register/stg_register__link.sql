{{ register_rows('link', [
  'system',
  'login',
  'person_id',
  'confirmed_by',
  'confirmed_at'
]) }}
