// What became of a config after Save: saved, sent, running or rejected, as the agent says so.

import { Anchor, Text, Timeline } from '@mantine/core';
import { IconCheck, IconClock, IconDots, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useCan } from '../../../api/me';
import type { AgentView } from '../../../api/schema';
import { exactTime, Time } from '../../../components/Time';
import { receiptQuery } from '../queries';
import classes from './config.module.css';

/** The answer to a Save, as far as it is of use here. */
export interface Sent {
  at: string;
  revision: number;
  version: number;
  pushed: boolean;
}

interface Step {
  state: 'done' | 'waiting' | 'failed' | 'later';
  title: ReactNode;
  detail?: ReactNode;
}

const LOOKS = {
  done: { color: 'green.8', icon: <IconCheck size={12} aria-label="Done" /> },
  waiting: { color: 'blue.7', icon: <IconDots size={12} aria-label="On its way" /> },
  failed: { color: 'red.8', icon: <IconX size={12} aria-label="Failed" /> },
  later: { color: 'gray.6', icon: <IconClock size={12} aria-label="Later" /> },
};

export function Delivery({ agent, sent }: { agent: AgentView; sent: Sent }) {
  const can = useCan();
  const receipt = useQuery({ ...receiptQuery(sent.revision), enabled: can('changes:read', 'any'), retry: false }).data;
  const steps = [saved(sent), ...arrival(agent, sent)];
  const reached = steps.filter((step) => step.state !== 'later').length - 1;
  return (
    <div className={classes.steps} aria-live="polite" role="group" aria-label="What became of it">
      <Timeline active={reached} bulletSize={20} lineWidth={2} color="green.8">
        {steps.map((step, n) => (
          <Timeline.Item key={n} bullet={LOOKS[step.state].icon} color={LOOKS[step.state].color} title={<Text size="sm" fw={600} component="span">{step.title}</Text>}>
            {step.detail && <Text size="sm" c="dimmed" component="div">{step.detail}</Text>}
          </Timeline.Item>
        ))}
      </Timeline>
      {receipt && (
        <Text size="xs" c="dimmed" mt="sm">
          <Anchor component={Link} to={`/changes/${sent.revision}`} inherit td="underline">Receipt {sent.revision}</Anchor>: {receipt.state}
        </Text>
      )}
    </div>
  );
}

const saved = (sent: Sent): Step => ({
  state: 'done',
  title: `Saved, revision ${sent.revision}`,
  detail: <Time at={sent.at} />,
});

/** The steps behind Save. `agent` may still be as it was before it: its versions say so. */
function arrival(agent: AgentView, sent: Sent): Step[] {
  const { wanted, running, rejected, connection } = agent;
  const fresh = wanted.version >= sent.version;
  const told: Step = { state: 'done', title: 'Sent to the agent' };
  if (agent.status !== 'approved') return [{ state: 'later', title: 'Sent when the agent is approved' }];
  if (!connection.connected) {
    return [{ state: 'later', title: 'Sent when it connects', detail: connection.lastSeen ? <>It was last seen <Time at={connection.lastSeen} />.</> : 'It has never connected.' }];
  }
  if (fresh && wanted.progress === 'applied') {
    if (wanted.state === 'unavailable') return [told, { state: 'failed', title: 'It may use nothing now', detail: 'Why stands above.' }];
    const title = wanted.state === 'env' ? 'It uses its own environment' : 'Running';
    return [told, { state: 'done', title: running?.at ? `${title} since ${exactTime(running.at)}` : title, detail: running && `Version ${running.version}` }];
  }
  if (fresh && wanted.progress === 'rejected') {
    return [told, { state: 'failed', title: <>Rejected: {rejected?.message ?? 'it did not say why'}</>, detail: rejected?.field ? `Field ${rejected.field}` : undefined }];
  }
  if (!sent.pushed) return [{ state: 'waiting', title: 'Being sent to the agent' }, { state: 'later', title: 'Running' }];
  return [told, { state: 'waiting', title: 'Waiting for its answer' }];
}
