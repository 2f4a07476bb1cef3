{{ register_rows('control', [
  'control_id',
  'entity',
  'statement',
  'owner',
  'frequency',
  'criteria',
  'tests',
  'scope',
  'valid_from',
  'valid_to'
]) }}
