// The name of a realm's default model, with its link: the realm knows it by id alone.

import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useCan } from '../../api/me';
import type { SyncedRealmView } from '../../api/schema';
import { grantsQuery } from './queries';

export function DefaultModel({ realm }: { realm: SyncedRealmView }) {
  const can = useCan();
  const id = realm.defaultModelId;
  const grants = useQuery({ ...grantsQuery(realm.id), enabled: Boolean(id) && can('grants:read', realm.id) }).data;
  if (!id) return <>none</>;
  const name = grants?.find((g) => g.modelId === id)?.litellmModelName;
  return <Anchor component={Link} to={`/models/${id}`} inherit>{name ?? 'a model'}</Anchor>;
}
