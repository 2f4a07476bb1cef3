{#- kubernetes_workloads, fleet_hosts, osquery_results, cyclonedx, spdx, endoflife -#}
{% macro staged_days_estate() -%}
  {{ return([
    {'model': 'stg_kubernetes__pod', 'kind': 'kubernetes_workloads', 'stream': 'pod',
     'feeds': ['workloads', 'assets.inventory'], 'days': ['event_day']},
    {'model': 'stg_kubernetes__controller', 'kind': 'kubernetes_workloads', 'stream': 'controller',
     'feeds': ['assets.inventory'], 'days': ['event_day']},
    {'model': 'stg_fleet__host', 'kind': 'fleet_hosts', 'stream': 'host',
     'feeds': ['assets.device'], 'days': ['event_day']},
    {'model': 'stg_endoflife__release', 'kind': 'endoflife', 'stream': 'release',
     'feeds': ['assets.inventory'], 'days': ['event_day']},
    {'model': 'stg_osquery__result', 'kind': 'osquery_results', 'stream': 'result',
     'feeds': ['assets.device'], 'days': ['event_day']},
    {'model': 'stg_cyclonedx__component', 'kind': 'cyclonedx', 'stream': 'component',
     'feeds': ['assets.inventory'], 'days': ['event_day']},
    {'model': 'stg_cyclonedx__bom', 'kind': 'cyclonedx', 'stream': 'bom',
     'feeds': ['assets.inventory'], 'days': ['event_day']},
    {'model': 'stg_spdx__package', 'kind': 'spdx', 'stream': 'package',
     'feeds': ['assets.inventory'], 'days': ['event_day']},
    {'model': 'stg_spdx__document', 'kind': 'spdx', 'stream': 'document',
     'feeds': ['assets.inventory'], 'days': ['event_day']},
  ]) }}
{%- endmacro %}
