-- Sign-in rules in versions: one row for each unbroken run of days on which a rule said the same and
-- stood at the same place. A day that nobody looked at ends the version.
{{ daily_history(
  ref('int_access_policies'), ['policy_id', 'rule_id'],
  [
    'system', 'entity', 'policy_name', 'rule_name', 'stage', 'priority', 'status', 'applies_to',
    'requires_second_factor', 'requires_phishing_resistant', 'factors',
  ],
  'access_policies'
) }}
