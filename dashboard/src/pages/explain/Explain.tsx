// "Can this agent use this model": yes or no, and everything that the answer rests on.

import { Button, SimpleGrid, Text } from '@mantine/core';
import { IconHelpHexagon, IconRefresh } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import { Empty } from '../../components/Empty';
import { Loaded, Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { useUrl } from '../../components/url';
import { AgentPick, ModelPick } from '../agents/picks';
import { Answer } from './Answer';

export function Explain() {
  const [url, setUrl] = useUrl();
  const { agent, model } = url;
  const query = useQuery({
    queryKey: ['explain', agent, model],
    queryFn: () => ask(api.GET('/api/explain', { params: { query: { agent: agent ?? '', model: model ?? '' } } })),
    enabled: Boolean(agent && model),
    placeholderData: keepPreviousData,
  });
  return (
    <Page
      title="Explain"
      lead="Whether an agent can call a model now, and why. The answer comes from what agents are really sent and what the proxies really hold."
      actions={query.data && (
        <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} onClick={() => void query.refetch()}>Ask again</Button>
      )}
    >
      <Panel>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <AgentPick label="Agent" placeholder="Name or DID" clearable value={agent ?? null} onChange={(did) => setUrl({ agent: did ?? undefined }, true)} />
          <ModelPick label="Model" placeholder="Name" clearable value={model ?? null} onChange={(name) => setUrl({ model: name ?? undefined }, true)} />
        </SimpleGrid>
      </Panel>
      {agent && model ? (
        <Loaded query={query}>{(answer) => <Answer answer={answer} />}</Loaded>
      ) : (
        <Panel>
          <Empty icon={IconHelpHexagon} title="Choose an agent and a model">
            <Text size="sm" inherit>Every link of the chain is looked at: the agent, its mode, the model, freezes, realms, grants, keys, proxies and budgets.</Text>
          </Empty>
        </Panel>
      )}
    </Page>
  );
}
