// Granting a model to a realm, and changing a grant: until when, why, and the budget that all grants of the realm share.

import { NumberInput, Select, Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { SyncedGrantView, SyncedRealmView } from '../../api/schema';
import { FormDialog } from '../../components/FormDialog';
import { exactTime } from '../../components/Time';
import { useDone } from '../../components/useDone';
import { budgetText } from './budget';
import { endOf } from './ends';
import { EndsField } from './EndsField';
import { grantsQuery } from './queries';

interface Props {
  realm: SyncedRealmView;
  /** Left out: a new one. */
  grant?: SyncedGrantView;
  opened: boolean;
  onClose: () => void;
}

interface Values {
  model: string;
  /** See `endOf`. */
  expiresAt: string;
  monthlyBudgetUsd: number | '';
  reason: string;
}

export function GrantDialog({ realm, grant, opened, onClose }: Props) {
  const done = useDone();
  const can = useCan();
  const form = useForm<Values>({
    initialValues: { model: '', expiresAt: '', monthlyBudgetUsd: '', reason: '' },
    validate: {
      model: (v) => (v ? null : 'Choose a model'),
      expiresAt: (v) => (v && new Date(v) <= new Date() ? 'A time to come' : null),
    },
  });
  useEffect(() => {
    if (!opened) return;
    const values = { model: grant?.modelId ?? '', expiresAt: '', monthlyBudgetUsd: realm.monthlyBudgetUsd ?? '' as const, reason: grant?.reason ?? '' };
    form.setInitialValues(values);
    form.setValues(values);
    form.clearErrors();
    // What is typed stays when the realm is read anew meanwhile.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [opened]);
  const save = async ({ model, expiresAt, monthlyBudgetUsd, reason }: Values) => {
    const answer = await ask(api.POST('/api/models/{id}/realms', {
      params: { path: { id: model } },
      body: {
        realmId: realm.id, reason: reason.trim(),
        expiresAt: endOf(expiresAt),
        monthlyBudgetUsd: monthlyBudgetUsd === '' || monthlyBudgetUsd === realm.monthlyBudgetUsd ? undefined : monthlyBudgetUsd,
      },
    }));
    done(grant ? `Changed the grant of ${answer.litellmModelName}` : `Granted ${answer.litellmModelName} to ${realm.name}`, answer, 'realms', 'models', 'agents', 'changes', 'overview');
  };
  const budgetFixed = realm.monthlyBudgetUsd !== null && realm.monthlyBudgetUsd !== undefined && form.values.monthlyBudgetUsd === '';
  return (
    <FormDialog
      opened={opened} onClose={onClose} form={form} save={save} action={grant ? 'Save' : 'Grant'}
      title={grant ? `Grant of ${grant.litellmModelName}` : `Grant a model to ${realm.name}`}
    >
      {!grant && opened && <ModelSelect realm={realm} value={form.values.model} error={form.errors.model} onChange={(model) => form.setFieldValue('model', model)} />}
      {grant?.expiresAt && (
        <Text size="sm">It ends on {exactTime(grant.expiresAt)}. Another end, or none, can be chosen here.</Text>
      )}
      <EndsField value={form.values.expiresAt} now={grant?.expiresAt} error={form.errors.expiresAt} onChange={(v) => form.setFieldValue('expiresAt', v)} />
      {can('realms:write', realm.id) && (
        <NumberInput
          label="Monthly budget of the realm" prefix="$" min={0} decimalScale={2} hideControls placeholder="No limit"
          description={`US dollars, shared by all grants and agents of ${realm.name}. Now: ${budgetText(realm.monthlyBudgetUsd)}.`}
          {...form.getInputProps('monthlyBudgetUsd')}
        />
      )}
      {budgetFixed && <Text size="sm" role="status">Empty leaves the budget as it is. To lift it, edit the realm.</Text>}
      <Textarea label="Reason" description="Shown with the grant and in the audit." autosize minRows={2} maxLength={500} {...form.getInputProps('reason')} />
    </FormDialog>
  );
}

interface ModelSelectProps {
  realm: SyncedRealmView;
  value: string;
  error: ReactNode;
  onChange: (model: string) => void;
}

/** Found by the API, since there may be many. */
function ModelSelect({ realm, value, error, onChange }: ModelSelectProps) {
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), 200);
  // What was chosen is not searched for again.
  const [chosen, setChosen] = useState<string>();
  const granted = useQuery(grantsQuery(realm.id)).data ?? [];
  const found = useQuery({
    queryKey: ['models', 'to-grant', search === chosen ? '' : search],
    queryFn: () => ask(api.GET('/api/models', { params: { query: { status: 'active', limit: 50, search: (search !== chosen && search) || undefined } } })),
    placeholderData: keepPreviousData,
  });
  const has = new Set(granted.filter((g) => g.state === 'active').map((g) => g.modelId));
  const options = (found.data?.items ?? []).map((m) => ({ value: m.id, label: m.litellmModelName, disabled: has.has(m.id) }));
  return (
    <Select
      label="Model" placeholder="Type a part of its name" searchable required data-autofocus data={options} value={value || null} error={error}
      searchValue={text} onSearchChange={setText} filter={({ options: all }) => all}
      onChange={(id, option) => { onChange(id ?? ''); setChosen(option?.label); }}
      renderOption={({ option }) => (
        <span>{option.label}{option.disabled && <Text span size="xs" c="dimmed" ml={8}>granted already</Text>}</span>
      )}
      nothingFoundMessage={found.isFetching ? 'Looking…' : 'No active model has this name.'}
    />
  );
}
