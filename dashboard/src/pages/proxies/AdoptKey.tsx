// Taking a virtual key that somebody else made into a realm. What its holder would lose is named first.

import { Alert, Checkbox, PasswordInput, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import { Problem } from '../../api/problem';
import type { DriftView, ForeignKey, ProxyView } from '../../api/schema';
import { FormDialog } from '../../components/FormDialog';
import { Pick } from '../../components/Pick';
import { Facts } from '../../components/Panel';
import { exactTime } from '../../components/Time';
import { useDone } from '../../components/useDone';
import { listed } from '../models/naming';

interface Props {
  proxy: ProxyView;
  drift: DriftView;
  found: ForeignKey;
  onClose: () => void;
}

export function AdoptKey({ proxy, drift, found, onClose }: Props) {
  const can = useCan();
  const done = useDone();
  const [loss, setLoss] = useState<string>();
  const form = useForm({
    initialValues: { key: '', realmId: '', acceptChanges: false },
    validate: {
      key: (v) => (v.trim() ? null : 'The key itself'),
      realmId: (v) => (v ? null : 'Choose a realm'),
      acceptChanges: (v) => (loss && !v ? 'Say that this is meant' : null),
    },
  });
  const name = drift.name || 'a virtual key';
  return (
    <FormDialog
      opened onClose={onClose} title={`Take over ${name}`} form={form} action="Take over" size="lg"
      save={async (v) => {
        try {
          const body = { key: v.key.trim(), realmId: v.realmId, acceptChanges: v.acceptChanges };
          const answer = await ask(api.POST('/api/proxies/{id}/adopt/key', { params: { path: { id: proxy.id } }, body }));
          done(`Took over the key ${answer.fingerprint}`, answer, 'proxies', 'realms', 'observe');
        } catch (error) {
          const problem = Problem.from(error);
          if (problem.code === 'adoption-changes') setLoss(problem.message);
          throw error;
        }
      }}
    >
      <Text size="sm">It becomes a key of the realm, beside the one of its agents. Its holder goes on with it, with the realm’s grants and budget. It is handed to no agent, and is not rotated.</Text>
      <Facts
        items={[
          ['It may call', found.models.length > 0 ? listed(found.models) : found.teamId ? 'every model of its team' : 'every model of the proxy'],
          ['Ends', found.expires ? exactTime(found.expires) : 'never'],
          ['Budget', typeof found.maxBudgetUsd === 'number' && `$${found.maxBudgetUsd}`],
          ['User', found.userId],
          ['Team', found.teamId],
        ]}
      />
      <PasswordInput
        label="The key" required autoComplete="off" data-1p-ignore data-lpignore="true" spellCheck={false} data-autofocus
        description="As its holder has it: LiteLLM shows a hash of it only. Sealed at once, never shown again." {...form.getInputProps('key')}
      />
      <Pick
        label="Realm" required queryKey={['realms', 'to-adopt']} value={form.values.realmId || null} error={form.errors.realmId}
        load={async (query) => {
          const page = await ask(api.GET('/api/realms', { params: { query } }));
          return { ...page, items: page.items.filter((r) => can('keys:write', r.id)).map((r) => ({ value: r.id, label: r.name, detail: r.slug })) };
        }}
        onChange={(value) => {
          setLoss(undefined);
          form.setValues({ realmId: value ?? '', acceptChanges: false });
        }}
      />
      {loss && (
        <Alert color="yellow" variant="outline" role="status">
          <Checkbox label="Take it over all the same" description="Its holder loses what is named below." {...form.getInputProps('acceptChanges', { type: 'checkbox' })} />
        </Alert>
      )}
    </FormDialog>
  );
}
