// The first page: how everything stands, and what wants attention now. Every figure is the way to its cause.

import { Grid, SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import type { AgentTotals, Overview as View } from '../../api/schema';
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
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
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
  return (
    <>
      {proxies && (
        <Tile
          label="Proxies ready" value={proxies.ready} of={proxies.total} to="/proxies"
          tone={unreachable + unsupported > 0 ? 'bad' : avoided > 0 ? 'warn' : proxies.total > 0 ? 'good' : 'off'}
          parts={[
            { n: unreachable, word: 'unreachable', to: '/proxies?q=unreachable' },
            { n: unsupported, word: 'unsupported', to: '/proxies?q=unsupported' },
            { n: avoided, word: 'avoided', to: '/proxies?q=avoided' },
            { n: draining, word: 'draining', to: '/proxies?q=draining' },
            { n: proxies.withDrift, word: 'with drift', to: '/proxies?sort=-drift' },
          ]}
          note="as it should be"
        />
      )}
      {models && (
        <Tile
          label="Models active" value={models.active} of={models.active + models.inactive} to="/models"
          tone={models.notApplied > 0 ? 'warn' : models.active > 0 ? 'good' : 'off'}
          parts={[{ n: models.notApplied, word: 'not live everywhere', to: '/models?applied=false' }]} note="live where they should be"
        />
      )}
      {realms && (
        <Tile
          label="Realms" value={realms.total} to="/realms" tone={realms.frozen > 0 ? 'warn' : realms.total > 0 ? 'good' : 'off'}
          parts={[{ n: realms.frozen, word: 'frozen', to: '/realms?frozen=true' }, { n: realms.withoutGrants, word: 'without a grant', to: '/realms?granted=false' }]}
          note="each with a grant"
        />
      )}
      {agents && <AgentTiles agents={agents} />}
    </>
  );
}

function AgentTiles({ agents }: { agents: AgentTotals }) {
  const { connected, converged, behind, rejecting, awaitingApproval } = agents;
  return (
    <>
      <Tile
        label="For approval" value={awaitingApproval} to="/agents?status=pending" tone={awaitingApproval > 0 ? 'warn' : 'good'}
        note="agents that wait"
      />
      <Tile
        label="Agents connected" value={connected} of={connected + agents.offline} to="/agents?status=approved&live=connected" tone={connected > 0 ? 'good' : 'off'}
        parts={[{ n: agents.offline, word: 'offline', to: '/agents?status=approved&live=offline' }, { n: agents.frozen, word: 'frozen', to: '/agents?status=approved&live=frozen' }]}
        note="all are here"
      />
      <Tile
        label="Converged" value={converged} of={connected} to="/agents?status=approved&live=converged" tone={connected === 0 ? 'off' : converged === connected ? 'good' : 'busy'}
        note="run what they should"
      />
      <Tile label="Behind" value={behind} to="/agents?status=approved&live=behind" tone={behind > 0 ? 'busy' : 'good'} note="have not answered yet" />
      <Tile label="Rejecting" value={rejecting} to="/agents?status=approved&live=rejecting" tone={rejecting > 0 ? 'bad' : 'good'} note="refused their document" />
    </>
  );
}
