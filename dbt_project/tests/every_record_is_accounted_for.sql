-- Nothing is silently dropped between Bronze and staging: one row a stream that does not add up.
select * from {{ ref('fct_record_account') }}
where is_staged and bronze != staged + duplicates + rejected
