// Where a person is signed in, newest first.

import { List, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import type { PersonView } from '../../api/schema';
import { ProblemAlert } from '../../components/Problem';
import { Time } from '../../components/Time';
import { browserText } from './browser';

const SHOWN = 8;

export function SessionsOf({ person }: { person: PersonView }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['access', 'people', person.id, 'sessions'],
    queryFn: async () => (await ask(api.GET('/api/people/{id}/sessions', { params: { path: { id: person.id } } }))).items,
  });
  if (!data) return error ? <ProblemAlert error={error} retry={() => void refetch()} /> : <Skeleton h={48} aria-busy aria-label="Loading" />;
  if (data.length === 0) return <Text size="sm">{person.name} is signed in nowhere now.</Text>;
  return (
    <List size="sm" spacing={4}>
      {data.slice(0, SHOWN).map((s) => (
        <List.Item key={s.id}>
          <b>{browserText(s.userAgent)}</b>{s.address && ` at ${s.address}`}{s.current ? ', this one' : <>, last seen <Time at={s.lastSeenAt} /></>}
        </List.Item>
      ))}
      {data.length > SHOWN && <List.Item>and {data.length - SHOWN} more</List.Item>}
    </List>
  );
}
