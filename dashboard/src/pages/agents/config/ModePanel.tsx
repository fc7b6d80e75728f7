// Choosing how the agent gets its LLM: three modes, a form for each, and what becomes of it after Save.

import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, ifMatch, within } from '../../../api/client';
import { Problem } from '../../../api/problem';
import type { AgentView, LlmConfigView, PutLlmConfig, RealmLlmView } from '../../../api/schema';
import { Panel } from '../../../components/Panel';
import { useDone } from '../../../components/useDone';
import { useMay } from '../may';
import { agentQuery } from '../queries';
import { MODES } from '../state';
import { Delivery, type Sent } from './Delivery';
import { EnvironmentForm } from './EnvironmentForm';
import { ManualForm } from './ManualForm';
import { RealmForm } from './RealmForm';

export interface FormProps {
  agent: AgentView;
  config: LlmConfigView;
  mayWrite: boolean;
  /** Throws when it was not saved. */
  save: (body: PutLlmConfig) => Promise<void>;
}

interface Props {
  agent: AgentView;
  config: LlmConfigView;
  offer?: RealmLlmView;
}

/** What an admin decided: by this it shows that somebody else has. */
const decided = ({ mode, realmId, realmModelId, config }: LlmConfigView) => JSON.stringify([mode, realmId, realmModelId, mode === 'manual' && config]);

/** What was saved is saved, also when it cannot be read again now. */
const LONGEST_READ_MS = 5_000;
const ORDER = ['realm', 'manual', 'env'] as const;

export function ModePanel({ agent, config, offer }: Props) {
  const may = useMay();
  const done = useDone();
  const client = useQueryClient();
  // What is looked at; what is active until something was touched.
  const [looked, setLooked] = useState<LlmConfigView['mode']>();
  const [sent, setSent] = useState<Sent>();
  // How it was when the form was first touched: what is typed stays, and who was quicker since then is not overwritten unseen.
  const [began, setBegan] = useState<{ config: LlmConfigView; version: number }>();
  const [saving, setSaving] = useState(false);
  const edited = began?.config ?? config;
  const key = decided(edited);
  const mode = looked ?? edited.mode;
  const mayWrite = may('agents:write', agent);
  const beginAnew = () => {
    setBegan(undefined);
    setLooked(undefined);
  };
  const begin = () => setBegan((at) => at ?? { config, version: agent.version });
  const readAgain = () => within(LONGEST_READ_MS, client.invalidateQueries({ queryKey: ['agents', agent.did] }));
  const save = async (body: PutLlmConfig) => {
    const params = { path: { did: agent.did }, header: ifMatch(began?.version ?? agent.version) };
    setSaving(true);
    try {
      const answer = await ask(api.PUT('/api/agents/{did}/llm-config', { params, body }));
      // The form begins anew with what is saved, so that is read first.
      await readAgain();
      beginAnew();
      setSent({ at: new Date().toISOString(), revision: answer.sync.revision ?? answer.version, version: answer.version, pushed: answer.pushed });
      done('The config is saved', answer, 'agents', 'overview', 'explain', 'changes');
    } catch (thrown) {
      if (Problem.from(thrown).status === 412) {
        // What is there now is shown. Who then saves once more has seen it.
        await readAgain();
        const version = client.getQueryData(agentQuery(agent.did).queryKey)?.version ?? agent.version;
        setBegan({ config: edited, version });
      }
      throw thrown;
    } finally {
      setSaving(false);
    }
  };
  const props: FormProps = { agent, config: edited, mayWrite, save };

  return (
    <Panel title="How it gets its LLM" lead={looked && looked !== config.mode ? `Active now: ${MODES[config.mode]}. Save to change to ${MODES[looked]}.` : `Active: ${MODES[config.mode]}`}>
      <Stack onFocusCapture={begin} onInput={begin}>
        <SegmentedControl
          fullWidth
          aria-label="Mode"
          value={mode}
          onChange={(value) => setLooked(ORDER.find((m) => m === value))}
          data={ORDER.map((value) => ({ value, label: MODES[value] }))}
        />
        {!mayWrite && (
          <Group gap={6}><IconLock size={15} aria-hidden /><Text size="sm" c="dimmed">You may read this and not change it.</Text></Group>
        )}
        {!saving && decided(config) !== key && (
          <Group justify="space-between" gap="xs" role="status">
            <Text size="sm">It was changed meanwhile. This form is still as you began it.</Text>
            <Button size="compact-sm" variant="default" onClick={beginAnew}>Begin anew</Button>
          </Group>
        )}
        {mode === 'realm' && <RealmForm key={key} {...props} offer={offer} />}
        {mode === 'manual' && <ManualForm key={key} {...props} />}
        {mode === 'env' && <EnvironmentForm {...props} />}
        {sent && <Delivery agent={agent} sent={sent} />}
      </Stack>
    </Panel>
  );
}
