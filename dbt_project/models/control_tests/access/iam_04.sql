{{ control_test_config('IAM-04') }}

-- Leavers lose access within the promised hours.
with leavers as (
    {{ iam_04_leavers() }}
),

traced as (
    {{ iam_04_accounts('leavers') }}
),

revoked as (
    {{ iam_04_revoked('traced') }}
),

used as (
    {{ iam_04_used('traced') }}
),

vendor_list as (
    {{ iam_04_vendor_list() }}
)

{%- set legs = ['revoked', 'used', 'vendor_list'] %}
{{ settle('IAM-04', legs, lasting=legs, scope_unread=['vendor_list']) }}
