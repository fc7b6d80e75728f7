// What an agent loses when it is cut off, and what that asks of the other agents of its realms.

import { List, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { AgentRealm, AgentView } from '../../api/schema';
import { realmQuery } from '../realms/queries';

export function Loss({ agent, realms = agent.realms }: { agent: AgentView; realms?: AgentRealm[] }) {
  if (agent.status !== 'approved') return <Text size="sm">It was never let in, so it knows no key.</Text>;
  if (realms.length === 0) return <Text size="sm">It is in no realm, so it knows no key of one.</Text>;
  return (
    <List size="sm" spacing={4}>
      {realms.map((realm) => <InRealm key={realm.id} realm={realm} />)}
    </List>
  );
}

function InRealm({ realm }: { realm: AgentRealm }) {
  const { data } = useQuery(realmQuery(realm.id));
  const others = data ? data.members - 1 : undefined;
  const text = () => {
    if (!data) return 'the key that it knew is replaced.';
    if (data.keyScope === 'agent') return 'its own key is blocked. No other agent is touched.';
    if (data.keys.length === 0) return 'there is no key yet.';
    if (!others) return 'the key that it knew is replaced. No other agent uses it.';
    return `the key that it knew is replaced. ${others === 1 ? '1 other agent gets' : `${others} other agents get`} the new one first and go on.`;
  };
  return <List.Item><b>{realm.name}</b>: {text()}</List.Item>;
}
