// The document that the agent should have, as it may be shown: `apiKeySet` in place of the key.

import { Badge, Group, List, Stack, Text } from '@mantine/core';
import { IconFileOff } from '@tabler/icons-react';
import type { AgentView, ConfigView, LlmConfigView } from '../../../api/schema';
import { Copy } from '../../../components/Copy';
import { Empty } from '../../../components/Empty';
import { Facts, Panel } from '../../../components/Panel';
import { Time } from '../../../components/Time';
import classes from './config.module.css';

export function Document({ agent, config }: { agent: AgentView; config: LlmConfigView }) {
  return (
    <Panel title="The document" lead={`What ${agent.name} should have, version ${config.version}. The key itself is shown to the agent alone.`}>
      {config.config ? (
        <Config config={config.config} />
      ) : (
        <Empty icon={IconFileOff} title={config.state === 'env' ? 'It uses its own environment' : 'It has no config now'}>
          {config.state === 'env' ? 'Reeve gives it no model and no key.' : config.detail?.message}
        </Empty>
      )}
    </Panel>
  );
}

function Config({ config }: { config: ConfigView }) {
  return (
    <Stack gap="md">
      <Facts
        items={[
          ['Provider', config.provider],
          ['Model', <Copy key="m" text={config.model} label="Copy the model's name" />],
          ['Base URL', <Copy key="u" text={config.baseUrl} label="Copy the base URL" />],
          ['Key', config.apiKeySet && (config.keyGeneration === 0 ? 'set, typed by hand' : `set, generation ${config.keyGeneration}`)],
          ['Max tokens', config.maxTokens?.toLocaleString('en')],
          ['Good until', config.expiresAt && <Time at={config.expiresAt} />],
        ]}
      />
      {config.models.length > 0 && (
        <div>
          <Text size="xs" c="dimmed" mb={4}>Models that its key may call</Text>
          <Group gap={6}>{config.models.map((name) => <Badge key={name} variant="default" tt="none" fw={500} ff="monospace">{name}</Badge>)}</Group>
        </div>
      )}
      {config.endpoints.length > 0 && (
        <div>
          <Text size="xs" c="dimmed" mb={4}>Endpoints, best first: the same key works at each</Text>
          <List type="ordered" size="sm" spacing={2}>
            {config.endpoints.map((endpoint) => (
              <List.Item key={endpoint.proxy}>
                <b>{endpoint.proxy}</b>{endpoint.region && ` · region ${endpoint.region}`} <Text span inherit c="dimmed" ff="monospace" fz="0.92em" style={{ overflowWrap: 'anywhere' }}>{endpoint.baseUrl}</Text>
              </List.Item>
            ))}
          </List>
        </div>
      )}
      {config.systemPrompt && (
        <div>
          <Text size="xs" c="dimmed" mb={4}>System prompt</Text>
          <pre className={classes.prompt} tabIndex={0} aria-label="System prompt">{config.systemPrompt}</pre>
        </div>
      )}
    </Stack>
  );
}
