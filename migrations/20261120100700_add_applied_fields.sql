-- LiteLLM's PATCH keeps a parameter that is not named, so what was set last must be known to take it away.

alter table applied add column fields text[] not null default '{}';
comment on column applied.fields is 'Names of the litellm_params we set last (deployment).';
