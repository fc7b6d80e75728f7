// Wanted against running, side by side.

import { Text } from '@mantine/core';
import type { AgentView, LlmConfigView } from '../../../api/schema';
import { Copy } from '../../../components/Copy';
import { Panel } from '../../../components/Panel';
import { Status } from '../../../components/Status';
import { Time } from '../../../components/Time';
import { inStep } from '../state';
import classes from './config.module.css';

export function Versions({ agent, config }: { agent: AgentView; config: LlmConfigView }) {
  const { wanted, running } = agent;
  const same = inStep(agent);
  const generation = (n?: number | null) => (n === 0 ? 'typed key' : (n ?? 'none'));
  return (
    <Panel title="Wanted and running" actions={<Text size="sm" component="div" aria-live="polite"><InStep agent={agent} /></Text>}>
      <table className={classes.compare}>
        <thead>
          <tr><td /><th scope="col">Wanted</th><th scope="col">Running</th></tr>
        </thead>
        <tbody>
          <tr><th scope="row">Version</th><td>{wanted.version}</td><td>{running?.version ?? 'nothing yet'}</td></tr>
          <tr><th scope="row">Hash</th><td><Hash of={wanted.hash} label="Copy the wanted hash" /></td><td>{running ? <Hash of={running.hash} label="Copy the running hash" /> : '–'}</td></tr>
          <tr><th scope="row">Key generation</th><td>{generation(config.config?.keyGeneration)}</td><td>{running ? generation(running.keyGeneration) : '–'}</td></tr>
          <tr><th scope="row">Says</th><td>{SAYS[wanted.state] ?? wanted.state}</td><td>{same ? 'the same' : running ? 'another document' : '–'}</td></tr>
          <tr><th scope="row">Since</th><td>–</td><td><Time at={running?.at} /></td></tr>
        </tbody>
      </table>
      {same && running && running.version !== wanted.version && (
        <Text size="xs" c="dimmed" mt={6}>Same hash, same document: what changed since version {running.version} does not concern this agent.</Text>
      )}
    </Panel>
  );
}

const SAYS: Record<string, string> = { active: 'use this config', env: 'use your own environment', unavailable: 'use nothing now' };

const Hash = ({ of, label }: { of: string; label: string }) => <Copy text={of} shown={of.slice(0, 8)} label={label} />;

function InStep({ agent }: { agent: AgentView }) {
  if (inStep(agent)) return <Status state="converged" label="In step" />;
  if (agent.wanted.progress === 'rejected') return <Status state="rejecting" label="Rejected" />;
  if (agent.wanted.progress === 'offline') return <Status state="offline" label="When it connects" />;
  return <Status state="behind" label="Behind" />;
}
