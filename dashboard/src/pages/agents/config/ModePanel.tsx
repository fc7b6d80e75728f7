// Choosing how the agent gets its LLM: three modes, a form for each, and what becomes of it after Save.

import { Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask, ifMatch } from '../../../api/client';
import { Problem } from '../../../api/problem';
import type { AgentView, LlmConfigView, PutLlmConfig, RealmLlmView } from '../../../api/schema';
import { Panel } from '../../../components/Panel';
import { useDone } from '../../../components/useDone';
import { useMay } from '../may';
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

const ORDER = ['realm', 'manual', 'env'] as const;

export function ModePanel({ agent, config, offer }: Props) {
  const may = useMay();
  const done = useDone();
  const client = useQueryClient();
  // What is looked at; what is active until something was touched.
  const [looked, setLooked] = useState<LlmConfigView['mode']>();
  const [sent, setSent] = useState<Sent>();
  const mode = looked ?? config.mode;
  const mayWrite = may('agents:write', agent);
  // The agent as it was when this form was first touched: who was quicker since then is not overwritten unseen.
  const [began, setBegan] = useState<number>();
  const save = async (body: PutLlmConfig) => {
    const params = { path: { did: agent.did }, header: ifMatch(began ?? agent.version) };
    setBegan(undefined);
    const answer = await ask(api.PUT('/api/agents/{did}/llm-config', { params, body })).catch(async (thrown: unknown) => {
      // What is there now is read again and shown; the form keeps what was typed.
      if (Problem.from(thrown).status === 412) await client.invalidateQueries({ queryKey: ['agents', agent.did] });
      throw thrown;
    });
    setSent({ at: new Date().toISOString(), revision: answer.sync.revision ?? answer.version, version: answer.version, pushed: answer.pushed });
    setLooked(undefined);
    done('The config is saved', answer, 'agents', 'overview', 'explain', 'changes');
  };
  const props: FormProps = { agent, config, mayWrite, save };
  // A form begins anew when what is saved is another than it began with.
  const key = `${config.mode} ${config.realmId} ${config.realmModelId} ${sent?.revision}`;

  return (
    <Panel title="How it gets its LLM" lead={looked && looked !== config.mode ? `Active now: ${MODES[config.mode]}. Save to change to ${MODES[looked]}.` : `Active: ${MODES[config.mode]}`}>
      <Stack onFocusCapture={() => setBegan((version) => version ?? agent.version)}>
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
        {mode === 'realm' && <RealmForm key={key} {...props} offer={offer} />}
        {mode === 'manual' && <ManualForm key={key} {...props} />}
        {mode === 'env' && <EnvironmentForm {...props} />}
        {sent && <Delivery agent={agent} sent={sent} />}
      </Stack>
    </Panel>
  );
}
