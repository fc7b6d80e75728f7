-- Which models are not as wanted everywhere: the overview counts them, and the list of models can be asked for them.

create function open_models() returns setof uuid
language sql stable parallel safe
begin atomic
    select d.model_id from work w join deployment d on d.id = w.object_id where w.kind = 'deployment'
    union
    select d.model_id from applied a join deployment d on d.id = a.object_id where a.kind = 'deployment' and a.state = 'failed';
end;
comment on function open_models is 'Models with a deployment that is not as wanted on some proxy.';
