// Granting a model to a realm, or editing such a grant: until when, why, and the realm's budget.

import { NumberInput, Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { SyncedGrantView, SyncedModelView } from '../../api/schema';
import { FormDialog } from '../../components/FormDialog';
import { Pick } from '../../components/Pick';
import { exactTime } from '../../components/Time';
import { useDone } from '../../components/useDone';
import { endOf } from '../realms/ends';
import { EndsField } from '../realms/EndsField';
import { realmQuery } from '../realms/queries';
import { count } from './naming';

interface Props {
  opened: boolean;
  onClose: () => void;
  model: SyncedModelView;
  /** Those there are. */
  grants: SyncedGrantView[];
  /** The one to edit; else a new one. */
  grant?: SyncedGrantView;
}

interface Values {
  realmId: string;
  expiresAt: string;
  reason: string;
  monthlyBudgetUsd: number | string;
}

export function GrantForm({ opened, onClose, model, grants, grant }: Props) {
  const can = useCan();
  const done = useDone();
  const form = useForm<Values>({
    initialValues: {
      realmId: grant?.realmId ?? '',
      expiresAt: '',
      reason: grant?.reason ?? '',
      monthlyBudgetUsd: '',
    },
    validate: {
      realmId: (v) => (v ? null : 'Choose a realm'),
      expiresAt: (v) => (v && new Date(v) <= new Date() ? 'A time to come' : null),
    },
  });
  const held = new Set(grants.filter((g) => g.state === 'active').map((g) => g.realmId));
  const chosen = useQuery({ ...realmQuery(form.values.realmId), enabled: opened && form.values.realmId !== '' }).data;
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
          expiresAt: endOf(v.expiresAt),
          reason: v.reason.trim() || (grant ? '' : undefined),
          monthlyBudgetUsd: v.monthlyBudgetUsd === '' ? undefined : Number(v.monthlyBudgetUsd),
        };
        const answer = await ask(api.POST('/api/models/{id}/realms', { params: { path: { id: model.id } }, body }));
        done(grant ? `Changed the grant of ${answer.realmSlug}` : `${answer.realmSlug} may use ${model.name}`, answer, 'models', 'realms', 'agents');
      }}
    >
      {!grant && opened && (
        <Pick
          label="Realm" required data-autofocus queryKey={['realms', 'to-grant']} value={form.values.realmId || null} error={form.errors.realmId}
          onChange={(value) => form.setFieldValue('realmId', value ?? '')}
          load={async (query) => {
            const page = await ask(api.GET('/api/realms', { params: { query } }));
            const offered = page.items.filter((r) => can('grants:write', r.id) && !held.has(r.id));
            return { ...page, items: offered.map((r) => ({ value: r.id, label: r.name, detail: `${r.slug}, ${count(r.members, 'agent')}` })) };
          }}
        />
      )}
      {grant?.expiresAt && <Text size="sm">It ends on {exactTime(grant.expiresAt)}. Another end, or none, can be chosen here.</Text>}
      {chosen && !grant && (
        <Text size="sm" role="status">{chosen.members > 0 ? `${count(chosen.members, 'agent')} can call it as soon as the proxies have it.` : 'It has no agents yet.'}</Text>
      )}
      <EndsField value={form.values.expiresAt} now={grant?.expiresAt} error={form.errors.expiresAt} onChange={(value) => form.setFieldValue('expiresAt', value)} />
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
