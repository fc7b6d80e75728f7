// Who loses a model when it goes: the realms with a grant on it, and how many agents each has.

import { List, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ProblemAlert } from '../../components/Problem';
import { count } from './naming';
import { allRealmsQuery, grantsQuery } from './queries';

export function Losing({ id }: { id: string }) {
  const grants = useQuery(grantsQuery(id));
  const realms = useQuery(allRealmsQuery);
  const error = grants.error ?? realms.error;
  if (!grants.data || !realms.data) return error ? <ProblemAlert error={error} /> : <Skeleton h={48} aria-busy aria-label="Loading" />;
  const held = grants.data.filter((g) => g.state === 'active');
  const of = (realmId: string) => realms.data.find((r) => r.id === realmId);
  const agents = held.reduce((sum, g) => sum + (of(g.realmId)?.members ?? 0), 0);
  if (held.length === 0) return <Text size="sm">No realm has a grant on it, so nobody loses anything.</Text>;
  return (
    <>
      <Text size="sm">
        {count(held.length, 'realm loses', 'realms lose')} it, with {held.length > 1 ? 'up to ' : ''}{count(agents, 'agent')}:
      </Text>
      <List size="sm" mt={4}>
        {held.slice(0, 8).map((g) => (
          <List.Item key={g.realmId}>{of(g.realmId)?.name ?? g.realmSlug}, {count(of(g.realmId)?.members ?? 0, 'agent')}</List.Item>
        ))}
        {held.length > 8 && <List.Item>and {held.length - 8} more</List.Item>}
      </List>
      <Text size="sm" mt="xs">
        Their keys stay and are narrowed to what the realms still have. An agent that used it is told, and gets another model of its realm, if there is one.
      </Text>
    </>
  );
}
