// How an agent is, in a word: whether it may, whether it is there, and whether it runs what it should.

import { Group } from '@mantine/core';
import { actorText } from '../../components/Actor';
import { Status } from '../../components/Status';
import type { AgentView } from '../../api/schema';

interface Said {
  state: string;
  label: string;
  why?: string;
}

/** Whether it is there: of an agent that was let in. */
export function presence(agent: AgentView): Said {
  if (agent.connection.connected) return { state: 'connected', label: 'Connected' };
  if (!agent.connection.lastSeen) return { state: 'offline', label: 'Never connected', why: 'It has enrolled, and has not opened a session yet.' };
  return { state: 'offline', label: 'Offline', why: 'It works on with the last config that it was given, and gets the newest one when it connects.' };
}

/** Whether it runs what it should; nothing is known of that while it is away. */
export function progress(agent: AgentView): Said | undefined {
  switch (agent.wanted.progress) {
    case 'applied':
      return agent.wanted.state === 'unavailable'
        ? { state: 'withheld', label: 'Withheld', why: 'It was told that it may use nothing now. Its page says why.' }
        : { state: 'converged', label: 'Converged', why: 'It runs the document that it should have.' };
    case 'pending':
      return { state: 'behind', label: 'Behind', why: 'It has not said yet that it runs the newest document.' };
    case 'rejected':
      return { state: 'rejecting', label: 'Rejecting', why: agent.rejected?.message ?? 'It refused the newest document and runs the one before.' };
    case 'offline':
      return undefined;
  }
}

const DECISIONS: Record<string, string> = { pending: 'Waiting for approval', revoked: 'Revoked', rejected: 'Rejected' };

/** What stands in place of its live state, where an admin's word decides. */
function decided(agent: AgentView): Said | undefined {
  const label = DECISIONS[agent.status];
  if (label) return { state: agent.status, label, why: agent.statusReason ?? undefined };
  return undefined;
}

const frozen = (agent: AgentView): Said | undefined =>
  agent.frozen ? { state: 'frozen', label: 'Frozen', why: `By ${actorText(agent.frozen.by)}: ${agent.frozen.reason}` } : undefined;

export function saidOf(agent: AgentView): Said[] {
  const word = decided(agent);
  return (word ? [word] : [frozen(agent), presence(agent), progress(agent)]).filter((said) => said !== undefined);
}

export function LiveState({ agent }: { agent: AgentView }) {
  return (
    <Group gap="2px 14px">
      {saidOf(agent).map(({ state, label, why }) => <Status key={state} state={state} label={label} why={why} />)}
    </Group>
  );
}

export const MODES = { realm: 'Realm Routing', manual: 'Manual', env: 'Environment' } as const;

/** Same hash, same document: versions count revisions, also such that do not concern this agent. */
export const inStep = (agent: AgentView) => agent.running?.hash === agent.wanted.hash;
