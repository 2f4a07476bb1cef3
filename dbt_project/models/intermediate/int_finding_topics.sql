-- Which weaknesses (CWE) belong to a topic of the vendor guardrails: a dated list.
select cwe, topic, valid_from, valid_to
from (
    values
    ('CWE-287', 'api-authentication', date '1900-01-01', date '9999-12-31'),
    ('CWE-306', 'api-authentication', date '1900-01-01', date '9999-12-31'),
    ('CWE-798', 'api-authentication', date '1900-01-01', date '9999-12-31'),
    ('CWE-613', 'token-expiry', date '1900-01-01', date '9999-12-31'),
    ('CWE-285', 'role-access', date '1900-01-01', date '9999-12-31'),
    ('CWE-639', 'role-access', date '1900-01-01', date '9999-12-31'),
    ('CWE-862', 'role-access', date '1900-01-01', date '9999-12-31'),
    ('CWE-863', 'role-access', date '1900-01-01', date '9999-12-31'),
    ('CWE-307', 'rate-limit', date '1900-01-01', date '9999-12-31'),
    ('CWE-770', 'rate-limit', date '1900-01-01', date '9999-12-31'),
    ('CWE-799', 'rate-limit', date '1900-01-01', date '9999-12-31'),
    ('CWE-20', 'input-validation', date '1900-01-01', date '9999-12-31'),
    ('CWE-22', 'input-validation', date '1900-01-01', date '9999-12-31'),
    ('CWE-78', 'input-validation', date '1900-01-01', date '9999-12-31'),
    ('CWE-79', 'input-validation', date '1900-01-01', date '9999-12-31'),
    ('CWE-89', 'input-validation', date '1900-01-01', date '9999-12-31')
) as topics (cwe, topic, valid_from, valid_to)
