{{ register_rows('waiver', [
  'waiver_id',
  'test_id',
  'scope',
  'owner',
  'approver',
  'approved_at',
  'expires_at',
  'reason',
  'compensating_control'
]) }}
