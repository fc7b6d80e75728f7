// The heart of an agent's page: how it gets its LLM, what it should have, what it runs.

import { Grid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { AgentView } from '../../../api/schema';
import { Loaded } from '../../../components/Page';
import { configQuery, offerQuery } from '../queries';
import { Document } from './Document';
import { ModePanel } from './ModePanel';
import { Rejection } from './Rejection';
import { RoutingBanner } from './RoutingBanner';
import { Versions } from './Versions';
import { Withheld } from './Withheld';

export function ConfigTab({ agent }: { agent: AgentView }) {
  const config = useQuery(configQuery(agent.did));
  const offer = useQuery(offerQuery(agent.did));
  return (
    <Loaded query={config}>
      {(view) => (
        <Stack>
          {view.mode === 'realm' && <RoutingBanner agent={agent} config={view} offer={offer.data} />}
          {view.state === 'unavailable' && agent.status === 'approved' && !agent.frozen && <Withheld agent={agent} config={view} />}
          {agent.rejected && <Rejection agent={agent} rejected={agent.rejected} />}
          <Grid gap="md">
            <Grid.Col span={{ base: 12, md: 7 }}>
              <ModePanel agent={agent} config={view} offer={offer.data} />
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 5 }}>
              <Versions agent={agent} config={view} />
            </Grid.Col>
          </Grid>
          <Document agent={agent} config={view} />
        </Stack>
      )}
    </Loaded>
  );
}
