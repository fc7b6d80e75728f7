// Adding an enrolled agent to a realm: found by name or DID.

import { Select, Switch, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import { Problem } from '../../api/problem';
import type { SyncedRealmView } from '../../api/schema';
import { shortDid } from '../../components/Copy';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';

export function AddMember({ realm, opened, onClose }: { realm: SyncedRealmView; opened: boolean; onClose: () => void }) {
  const form = useForm({ initialValues: { did: '', primary: false }, validate: { did: (v: string) => (v ? null : 'Choose an agent') } });
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), 200);
  // What was chosen is not searched for again.
  const [chosen, setChosen] = useState<{ did: string; name: string }>();
  const done = useDone();
  const wanted = search === chosen?.name ? '' : search;
  const found = useQuery({
    queryKey: ['agents', 'to-add', wanted],
    queryFn: () => ask(api.GET('/api/agents', { params: { query: { limit: 50, search: wanted || undefined } } })),
    enabled: opened,
    placeholderData: keepPreviousData,
  });
  const options = (found.data?.items ?? []).map((a) => ({
    value: a.did, label: a.name, disabled: a.realms.some((r) => r.id === realm.id), pending: a.status === 'pending',
  }));
  const close = () => { form.reset(); setText(''); setChosen(undefined); onClose(); };
  const save = async (body: { did: string; primary: boolean }) => {
    const answer = await ask(api.POST('/api/realms/{id}/agents', { params: { path: { id: realm.id } }, body }));
    done(`${chosen?.name ?? 'The agent'} is in ${realm.name}`, answer, 'realms', 'agents', 'changes', 'overview');
  };
  return (
    <FormDialog opened={opened} onClose={close} title={`Add an agent to ${realm.name}`} form={form} save={save} action="Add it">
      <Select
        label="Agent" placeholder="Type a part of its name or DID" searchable required data-autofocus data={options} value={form.values.did || null} error={form.errors.did}
        searchValue={text} onSearchChange={setText} filter={({ options: all }) => all}
        onChange={(did, option) => { form.setFieldValue('did', did ?? ''); setChosen(did && option ? { did, name: option.label } : undefined); }}
        renderOption={({ option }) => {
          const known = options.find((o) => o.value === option.value);
          return (
            <span>
              {option.label} <Text span size="xs" c="dimmed">{shortDid(option.value)}{known?.disabled ? ', in the realm already' : known?.pending ? ', waits for approval' : ''}</Text>
            </span>
          );
        }}
        nothingFoundMessage={found.error ? `They could not be read: ${Problem.from(found.error).message}` : found.isFetching ? 'Looking…' : 'No agent has this name or DID.'}
      />
      <Switch
        label="Make this its primary realm" description="Its model is chosen from here first. An agent’s first realm is primary anyway."
        {...form.getInputProps('primary', { type: 'checkbox' })}
      />
      <Text size="sm" c="dimmed">If it is connected, it gets what {realm.name} may use at once.</Text>
    </FormDialog>
  );
}
