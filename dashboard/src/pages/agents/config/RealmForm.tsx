// Realm Routing: a realm that the agent is in, and a model that is granted there.

import { Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { RealmLlmView } from '../../../api/schema';
import type { FormProps } from './ModePanel';
import { SaveBar } from './SaveBar';
import { useSave } from './useSave';

const RULE = 'rule';

export function RealmForm({ agent, config, mayWrite, save, offer }: FormProps & { offer?: RealmLlmView }) {
  const byRule = config.mode === 'realm' && (!config.realmId || !config.realmModelId);
  const saved = { realm: config.realmId ?? (byRule ? RULE : null), model: config.realmModelId ?? null };
  const [realmId, setRealm] = useState(saved.realm);
  const [modelId, setModel] = useState(saved.model);
  const { busy, error, run } = useSave();
  const realms = offer?.realms ?? [];
  const realm = realms.find((r) => r.realmId === realmId);
  const models = realm?.models ?? [];
  const gone = modelId !== null && realm !== undefined && !models.some((m) => m.id === modelId);
  const ruled = realmId === RULE;
  const same = config.mode === 'realm' && realmId === saved.realm && modelId === saved.model;
  const choose = (id: string | null) => {
    setRealm(id);
    const offered = realms.find((r) => r.realmId === id)?.models ?? [];
    // The one that it has now where the realm has it, too; the only one where there is no choice.
    const kept = offered.find((m) => m.id === modelId) ?? offered.find((m) => m.litellmModelName === config.config?.model) ?? (offered.length === 1 ? offered[0] : undefined);
    setModel(kept?.id ?? null);
  };
  const submit = () =>
    run(() => save({ mode: 'realm', ...(!ruled && { realmId, realmModelId: modelId }) }));

  if (offer && realms.length === 0) {
    return <Text size="sm">It is in no realm. Have it join one on the tab Membership; then its models can be chosen here.</Text>;
  }
  return (
    <form onSubmit={(event) => { event.preventDefault(); void submit(); }}>
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Select
            label="Realm"
            searchable
            allowDeselect={false}
            disabled={!mayWrite}
            placeholder="Choose"
            nothingFoundMessage="It is in no realm of this name."
            data={[{ value: RULE, label: 'Chosen by rule' }, ...realms.map((r) => ({ value: r.realmId, label: r.isPrimary ? `${r.realmName} (primary)` : r.realmName }))]}
            value={realmId}
            onChange={choose}
          />
          <Select
            label="Model"
            searchable
            allowDeselect={false}
            disabled={!mayWrite || !realm}
            placeholder={ruled ? 'Chosen by rule' : 'Choose'}
            nothingFoundMessage="No model of this name is granted there."
            error={gone ? 'What was chosen is not granted any more.' : realm && models.length === 0 ? `No model is granted to ${realm.realmName}.` : undefined}
            data={models.map((m) => ({ value: m.id, label: m.litellmModelName }))}
            value={gone ? null : modelId}
            onChange={setModel}
          />
        </SimpleGrid>
        {ruled && (
          <Text size="sm" c="dimmed">
            The rule: what it has and may still use stays. Else its primary realm comes first, there the default model, then the model granted longest.
          </Text>
        )}
        {mayWrite && (
          <SaveBar busy={busy} error={error} disabled={same || (!ruled && (!realm || modelId === null || gone))}>
            {byRule && !ruled
              ? 'A choice holds until it is taken back: then the rule decides again.'
              : config.mode === 'manual' ? 'The config that was typed, and its key, are forgotten.' : agent.connection.connected ? `${agent.name} is told at once.` : `${agent.name} gets it when it connects.`}
          </SaveBar>
        )}
      </Stack>
    </form>
  );
}
