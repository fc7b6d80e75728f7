// /changes/$revision: the receipt of a change as a timeline: asked, on each proxy, on each agent, done or proven. It follows what
// happens: the event stream has the page ask again.

import { ActionIcon, Alert, Box, Group, Paper, Stack, Text, Tooltip } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconEye, IconFlag, IconRobot, IconServer, IconShieldCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { api, ask } from '../../api/client';
import { useFleet } from '../../api/fleet';
import { useCan } from '../../api/me';
import type { Receipt } from '../../api/schema';
import { Actor } from '../../components/Actor';
import { Copy } from '../../components/Copy';
import { Loaded, Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { Status, type Tone } from '../../components/Status';
import { exactTime, Time } from '../../components/Time';
import { useKey } from '../../components/useKey';
import { iconOf, Sentence, type Names } from './describe';
import { useNames } from './names';
import { OnAgents } from './OnAgents';
import { OnProxies } from './OnProxies';
import { elapsed, proxyCount, tell, verdict, type Told } from './receipt';
import { preciseTime, Step } from './Step';
import classes from './Step.module.css';

export function Change() {
  const { revision } = useParams({ strict: false });
  const wanted = Number(revision);
  const query = useQuery({
    queryKey: ['changes', 'receipt', wanted],
    queryFn: () => ask(api.GET('/api/changes/{revision}', { params: { path: { revision: wanted } } })),
  });
  const named = useNames();
  const names: Names = { ...named, agents: Object.fromEntries((query.data?.agents.items ?? []).map((a) => [a.did, a.name])) };
  return (
    <Page
      title={`Change ${revision}`}
      heading={query.data && <Sentence change={query.data} names={names} />}
      lead={query.data && <>Change {revision} by <Actor actor={query.data.actor} />, <Time at={query.data.at} /></>}
      parent={{ label: 'Changes', to: '/changes' }}
      actions={<Neighbours revision={wanted} />}
    >
      <Loaded query={query}>{(receipt) => <Timeline receipt={receipt} names={names} />}</Loaded>
    </Page>
  );
}

function Timeline({ receipt, names }: { receipt: Receipt; names: Names }) {
  const fleet = useFleet();
  const told = tell(receipt, fleet);
  const end = verdict(told);
  const { agents } = receipt;
  const converged = receipt.state === 'converged';
  const here = told.proxies.filter((p) => p.state !== 'gone');
  return (
    <Stack gap="lg">
      <Observing open={receipt.state === 'pending'} />
      <Paper withBorder p="md" className={classes.verdict} data-tone={end.tone} role="status" aria-live="polite">
        <Text fw={640} fz="lg" component="div"><Status state={receipt.state} tone={end.tone} label={<span style={{ whiteSpace: 'normal' }}>{end.title}</span>} /></Text>
        {end.detail && <Text size="sm" mt={2}>{end.detail}</Text>}
      </Paper>
      <Panel>
        <Box pt={4}>
          <ol className={classes.steps}>
            <Step icon={iconOf(receipt.kind)} tone="good" title={receipt.requestId ? 'Asked' : 'Begun by Reeve'} aside={<time dateTime={receipt.at} title={exactTime(receipt.at)}>{preciseTime(receipt.at)}</time>}>
              <Asked receipt={receipt} names={names} />
            </Step>
            {told.proxies.length > 0 && (
              <Step
                icon={IconServer} tone={proxyTone(told)} title="On the proxies"
                aside={`${here.filter((p) => p.state === 'done').length} of ${proxyCount(here.length)} done`}
              >
                <OnProxies told={told} />
              </Step>
            )}
            {agents.concerned > 0 && (
              <Step
                icon={IconRobot} tone={agents.pending > 0 ? 'busy' : agents.rejected > 0 ? 'warn' : agents.connected === 0 ? 'off' : 'good'} title="On the agents"
                aside={agents.connected === 0 ? 'none is connected' : `${agents.applied} of ${agents.connected} connected`}
              >
                <OnAgents receipt={receipt} />
              </Step>
            )}
            <Step
              icon={told.takesAway ? IconShieldCheck : IconFlag} tone={end.tone} title={endTitle(told)}
              aside={converged && told.doneAt && `${elapsed(receipt.at, told.doneAt)} in all`}
            >
              <Text size="sm" maw={720}>{converged ? (told.takesAway ? 'Nobody can use the old right on any proxy.' : 'Nothing is left to do.') : end.detail}</Text>
              {told.takesAway && (
                <Text size="sm" c="dimmed" maw={720} mt={6}>
                  A right counts as gone when each proxy was asked with the old key, in a request that reaches no provider, and refused it for longer than
                  its instances may cache.
                </Text>
              )}
            </Step>
          </ol>
        </Box>
      </Panel>
    </Stack>
  );
}

function endTitle({ receipt, takesAway }: Told): string {
  if (receipt.state === 'converged') return takesAway ? 'Proven' : 'Done';
  return takesAway ? 'Not proven yet' : 'Not done yet';
}

function proxyTone({ parked, moving, blocked }: Told): Tone {
  if (parked.length > 0) return 'bad';
  if (moving.length > 0) return 'busy';
  return blocked.length > 0 ? 'warn' : 'good';
}

function Asked({ receipt, names }: { receipt: Receipt; names: Names }) {
  return (
    <Stack gap={4}>
      <Text size="sm"><Sentence change={receipt} names={names} />, by <Actor actor={receipt.actor} />.</Text>
      <Group gap="lg" fz="sm" c="dimmed">
        <span>Kind <Text span inherit ff="monospace" fz="0.92em">{receipt.kind}</Text></span>
        {receipt.requestId ? <span>Request <Copy text={receipt.requestId} label="Copy the request’s id" /></span> : <span>No request: one of Reeve’s own jobs</span>}
      </Group>
    </Stack>
  );
}

/** While Reeve only looks, nothing can become true on a proxy. */
function Observing({ open }: { open: boolean }) {
  const can = useCan();
  const query = useQuery({ queryKey: ['observe'], queryFn: () => ask(api.GET('/api/observe-mode')), enabled: open && can('proxies:read') });
  if (!open || !query.data?.active) return null;
  return (
    <Alert color="yellow" variant="outline" icon={<IconEye aria-hidden />} title="Reeve only looks" role="status">
      It found a proxy that knows a newer revision than this registry, so nothing is changed on any proxy until an admin ends observe mode.
    </Alert>
  );
}

/** The changes before and after. */
function Neighbours({ revision }: { revision: number }) {
  const navigate = useNavigate();
  const newest = useQuery({
    queryKey: ['changes', 'newest'],
    queryFn: () => ask(api.GET('/api/changes', { params: { query: { limit: 1 } } })),
  }).data?.items[0]?.revision;
  const go = (to: number) => void navigate({ to: '/changes/$revision', params: { revision: String(to) } });
  const before = revision > 1 ? revision - 1 : undefined;
  const after = newest !== undefined && revision < newest ? revision + 1 : undefined;
  useKey('[', () => before && go(before));
  const keys = useKey(']', () => after && go(after));
  return (
    <>
      <Tooltip label={keys ? 'Change before ( [ )' : 'Change before'}>
        <ActionIcon variant="default" size="lg" disabled={!before} aria-label="Change before" onClick={() => before && go(before)}><IconChevronLeft size={17} aria-hidden /></ActionIcon>
      </Tooltip>
      <Tooltip label={keys ? 'Change after ( ] )' : 'Change after'}>
        <ActionIcon variant="default" size="lg" disabled={!after} aria-label="Change after" onClick={() => after && go(after)}><IconChevronRight size={17} aria-hidden /></ActionIcon>
      </Tooltip>
    </>
  );
}
