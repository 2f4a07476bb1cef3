-- Scope decisions and sign-offs of the manual part, by whom and until when. The register that
-- they come from is not collected yet, so there are none.
select
  cast(null as varchar) as framework,
  cast(null as varchar) as criterion_id,
  cast(null as varchar) as decision,
  cast(null as varchar) as reason,
  cast(null as varchar) as approver,
  cast(null as date) as in_force_from,
  cast(null as date) as in_force_to
where false
