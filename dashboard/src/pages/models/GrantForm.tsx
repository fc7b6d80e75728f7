// Granting a model to a realm, or editing such a grant: until when, why, and the realm's budget.

import { NumberInput, Select, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { SyncedGrantView, SyncedModelView } from '../../api/schema';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';
import { count } from './naming';
import { allRealmsQuery } from './queries';

interface Props {
  opened: boolean;
  onClose: () => void;
  model: SyncedModelView;
  /** Those there are. */
  grants: SyncedGrantView[];
  /** The one to edit; else a new one. */
  grant?: SyncedGrantView;
}

/** For `datetime-local`, in the reader's time zone. */
function local(at?: string | null): string {
  if (!at) return '';
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function GrantForm({ opened, onClose, model, grants, grant }: Props) {
  const can = useCan();
  const done = useDone();
  const realms = useQuery({ ...allRealmsQuery, enabled: opened });
  const form = useForm({
    initialValues: {
      realmId: grant?.realmId ?? '',
      expiresAt: local(grant?.expiresAt),
      reason: grant?.reason ?? '',
      monthlyBudgetUsd: '' as number | string,
    },
    validate: {
      realmId: (v) => (v ? null : 'Choose a realm'),
      expiresAt: (v) => (v && new Date(v) <= new Date() ? 'This is past' : v === '' && grant?.expiresAt ? 'An end can be moved, not taken away: revoke the grant and give it again' : null),
    },
  });
  const held = new Set(grants.filter((g) => g.state === 'active').map((g) => g.realmId));
  const offered = (realms.data ?? []).filter((r) => can('grants:write', r.id) && (grant ? r.id === grant.realmId : !held.has(r.id)));
  const chosen = realms.data?.find((r) => r.id === form.values.realmId);
  const budget = chosen?.monthlyBudgetUsd;
  const close = () => {
    form.reset();
    onClose();
  };
  return (
    <FormDialog
      opened={opened} onClose={close} form={form} action={grant ? 'Save' : 'Grant'}
      title={grant ? `Grant to ${grant.realmSlug}` : `Grant ${model.name} to a realm`}
      save={async (v) => {
        const body = {
          realmId: v.realmId,
          expiresAt: v.expiresAt ? new Date(v.expiresAt).toISOString() : undefined,
          reason: v.reason.trim() || (grant ? '' : undefined),
          monthlyBudgetUsd: v.monthlyBudgetUsd === '' ? undefined : Number(v.monthlyBudgetUsd),
        };
        const answer = await ask(api.POST('/api/models/{id}/realms', { params: { path: { id: model.id } }, body }));
        done(grant ? `Changed the grant of ${answer.realmSlug}` : `${answer.realmSlug} may use ${model.name}`, answer, 'models', 'realms', 'agents');
      }}
    >
      <Select
        label="Realm" required searchable disabled={Boolean(grant)} data-autofocus={grant ? undefined : true}
        nothingFoundMessage={realms.isPending ? 'Loading…' : 'No further realm'}
        data={offered.map((r) => ({ value: r.id, label: `${r.name} (${r.slug})` }))}
        {...form.getInputProps('realmId')}
      />
      {chosen && !grant && (
        <Text size="sm" role="status">{chosen.members > 0 ? `${count(chosen.members, 'agent')} can call it as soon as the proxies have it.` : 'It has no agents yet.'}</Text>
      )}
      <TextInput label="Ends" type="datetime-local" description="By itself, in your time zone. Left out: it holds until it is revoked." {...form.getInputProps('expiresAt')} />
      <Textarea label="Reason" autosize minRows={2} maxLength={500} description="Shown with the grant and in the audit." {...form.getInputProps('reason')} />
      {form.values.realmId && can('realms:write', form.values.realmId) && (
        <NumberInput
          label="Budget of the realm, USD a month" min={0} decimalScale={2} thousandSeparator
          placeholder={typeof budget === 'number' ? String(budget) : 'no limit'}
          description={`Shared by all grants of the realm. Now: ${typeof budget === 'number' ? `${budget} USD` : 'no limit'}. Left out, it stays.`}
          {...form.getInputProps('monthlyBudgetUsd')}
        />
      )}
    </FormDialog>
  );
}
