{#- Whether an Entra role is one that Microsoft marks as privileged, by its template's id; NULL for
    any other, which may be a role of the company's own. Built-in roles that are not named are not
    privileged: who knows that a role is built in says so. (The roles that bear the label PRIVILEGED
    on Microsoft's page "Microsoft Entra built-in roles"; one that gets it later is added here.) -#}
{% macro entra_is_privileged(template_id, is_built_in=false) -%}
  case
    when {{ template_id }} in (
      '62e90394-69f5-4237-9190-012177145e10', -- Global Administrator
      'e8611ab8-c189-46e8-94e1-60213ab1f814', -- Privileged Role Administrator
      '7be44c8a-adaf-4e2a-84d6-ab2649e08a13', -- Privileged Authentication Administrator
      'c4e39bd9-1100-46d3-8c65-fb160da0071f', -- Authentication Administrator
      '194ae4cb-b126-40b2-bd5b-6091b380977d', -- Security Administrator
      '5f2222b1-57c3-48ba-8ad5-d4759f1fde6f', -- Security Operator
      '5d6b6bb7-de71-4623-b4af-96380a352509', -- Security Reader
      'f2ef992c-3afb-46b9-b7cf-a126ee74c451', -- Global Reader
      'fe930be7-5e62-47db-91af-98c3a49a38b1', -- User Administrator
      '729827e3-9c14-49f7-bb1b-9608f156bbb8', -- Helpdesk Administrator
      '966707d0-3269-4727-9be2-8c3a10f19b9d', -- Password Administrator
      '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3', -- Application Administrator
      '158c047a-c907-4556-b7ef-446551a6b5f7', -- Cloud Application Administrator
      'cf1c38e5-3621-4004-a7cb-879624dced7c', -- Application Developer
      'b1be1c3e-b65d-4f19-8427-f6fa0d97feb9', -- Conditional Access Administrator
      '8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2', -- Hybrid Identity Administrator
      '3a2c62db-5318-420d-8d74-23affee5d9d5', -- Intune Administrator
      '8329153b-31d0-4727-b945-745eb3bc5f31', -- Domain Name Administrator
      '9360feb5-f418-4baa-8175-e2a00bac4301', -- Directory Writers
      '7698a772-787b-4ac8-901f-60d6b08affd2', -- Cloud Device Administrator
      '25a516ed-2fa0-40ea-a2d0-12923a21473a', -- Authentication Extensibility Administrator
      'ecb2c6bf-0ab6-418e-bd87-7986f8d63bbe', -- Attribute Provisioning Administrator
      '422218e4-db15-4ef9-bbe0-8afb41546d79', -- Attribute Provisioning Reader
      'aaf43236-0c0d-4d5f-883a-6955382ac081', -- B2C IEF Keyset Administrator
      'be2f45a1-457d-42af-a067-6ec1fa63bc45', -- External Identity Provider Administrator
      '59d46f88-662b-457b-bceb-5c3809e5908f', -- Lifecycle Workflows Administrator
      '4ba39ca4-527c-499a-b93d-d9b492c50246', -- Partner Tier1 Support
      'e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8'  -- Partner Tier2 Support
    ) then true
    {%- if is_built_in %}
    when {{ template_id }} is not null then false
    {%- endif %}
  end
{%- endmacro %}
