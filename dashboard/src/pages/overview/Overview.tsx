// The first page: how everything stands, and what wants attention now. Every figure is the way to its cause.

import { Grid, SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import type { Overview as View } from '../../api/schema';
import { Loaded, Page } from '../../components/Page';
import { Attention } from './Attention';
import { FirstSteps } from './FirstSteps';
import { InFlight } from './InFlight';
import { Pulse } from './Pulse';
import { Tile } from './Tile';
import { Unproven } from './Unproven';

export function Overview() {
  const query = useQuery({ queryKey: ['overview'], queryFn: () => ask(api.GET('/api/overview')) });
  return (
    <Page title="Overview">
      <Loaded query={query}>{(view) => <Body view={view} />}</Loaded>
    </Page>
  );
}

function Body({ view }: { view: View }) {
  return (
    <Stack gap="lg">
      <FirstSteps view={view} />
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm">
        <Tiles view={view} />
      </SimpleGrid>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 7.5 }}>
          <Stack gap="lg">
            <Attention items={view.attention} />
            {view.changesInFlight && <InFlight changes={view.changesInFlight} />}
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4.5 }}>
          <Stack gap="lg">
            {view.revocations && <Unproven revocations={view.revocations} />}
            {view.pulse && <Pulse minutes={view.pulse} />}
          </Stack>
        </Grid.Col>
      </Grid>
    </Stack>
  );
}

function Tiles({ view: { proxies, agents, models, realms } }: { view: View }) {
  const { draining = 0, avoided = 0, unreachable = 0, unsupported = 0 } = proxies ?? {};
  const { rejecting = 0, behind = 0, awaitingApproval = 0 } = agents ?? {};
  return (
    <>
      {proxies && (
        <Tile
          label="Proxies ready" value={proxies.ready} of={proxies.total} to="/proxies"
          tone={unreachable + unsupported > 0 ? 'bad' : avoided > 0 ? 'warn' : proxies.total > 0 ? 'good' : 'off'}
          note={words([[unreachable, 'unreachable'], [unsupported, 'unsupported'], [avoided, 'avoided'], [draining, 'draining'], [proxies.withDrift, 'with drift']], 'as it should be')}
        />
      )}
      {agents && (
        <>
          <Tile
            label="Agents connected" value={agents.connected} of={agents.connected + agents.offline} to="/agents?live=connected"
            tone={agents.connected > 0 ? 'good' : 'off'}
            note={words([[agents.offline, 'offline'], [agents.frozen, 'frozen']], 'all are here')}
          />
          <Tile label="Behind" value={behind} to="/agents?live=behind" tone={behind > 0 ? 'busy' : 'good'} note="have not answered yet" />
          <Tile label="Rejecting" value={rejecting} to="/agents?live=rejecting" tone={rejecting > 0 ? 'bad' : 'good'} note="refused their document" />
          <Tile
            label="For approval" value={awaitingApproval} to="/agents?status=pending" tone={awaitingApproval > 0 ? 'warn' : 'good'}
            note="agents that wait"
          />
        </>
      )}
      {models && (
        <Tile
          label="Models active" value={models.active} of={models.active + models.inactive} to="/models"
          tone={models.notApplied > 0 ? 'warn' : models.active > 0 ? 'good' : 'off'}
          note={words([[models.notApplied, 'not live everywhere'], [realms?.withoutGrants ?? 0, realms?.withoutGrants === 1 ? 'realm without a grant' : 'realms without a grant']], 'live where they should be')}
        />
      )}
    </>
  );
}

/** `2 unreachable · 1 avoided`, or what is said when there is none. */
const words = (counts: [number, string][], none: string) =>
  counts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`).join(' · ') || none;
