// Granting a model to a realm, from the page of either, and changing a grant: until when, why, and the budget that all grants of
// the realm share.

import { NumberInput, Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { SyncedGrantView, SyncedModelView, SyncedRealmView } from '../../api/schema';
import { FormDialog } from '../../components/FormDialog';
import { Pick } from '../../components/Pick';
import { exactTime } from '../../components/Time';
import { useDone } from '../../components/useDone';
import { count } from '../models/naming';
import { budgetText } from '../realms/budget';
import { realmQuery } from '../realms/queries';
import { endOf } from './ends';
import { EndsField } from './EndsField';
import { GRANT_TOPICS } from './topics';

/** Of a new grant one side is given, the other one is chosen. */
interface Props {
  model?: SyncedModelView;
  realm?: SyncedRealmView;
  /** Those there are. */
  grants: SyncedGrantView[];
  /** The one to edit. */
  grant?: SyncedGrantView;
  onClose: () => void;
}

interface Values {
  modelId: string;
  realmId: string;
  /** See `endOf`. */
  expiresAt: string;
  reason: string;
  monthlyBudgetUsd: number | string;
}

export function GrantForm({ model, realm, grants, grant, onClose }: Props) {
  const can = useCan();
  const done = useDone();
  const form = useForm<Values>({
    initialValues: {
      modelId: grant?.modelId ?? model?.id ?? '', realmId: grant?.realmId ?? realm?.id ?? '', expiresAt: '', reason: grant?.reason ?? '', monthlyBudgetUsd: '',
    },
    validate: {
      modelId: (v) => (v ? null : 'Choose a model'),
      realmId: (v) => (v ? null : 'Choose a realm'),
      expiresAt: (v) => (v && new Date(v) <= new Date() ? 'A time to come' : null),
    },
  });
  const { modelId, realmId } = form.values;
  const chosen = useQuery({ ...realmQuery(realmId), enabled: !realm && realmId !== '' }).data ?? realm;
  const save = async (v: Values) => {
    const body = {
      realmId: v.realmId,
      expiresAt: endOf(v.expiresAt),
      // Of a grant that is there, what is left out stays.
      reason: grant && !form.isDirty('reason') ? undefined : v.reason.trim() || (grant ? '' : undefined),
      monthlyBudgetUsd: v.monthlyBudgetUsd === '' ? undefined : Number(v.monthlyBudgetUsd),
    };
    const answer = await ask(api.POST('/api/models/{id}/realms', { params: { path: { id: v.modelId } }, body }));
    done(grant ? `Changed the grant of ${answer.litellmModelName} to ${answer.realmSlug}` : `Granted ${answer.litellmModelName} to ${answer.realmSlug}`, answer, ...GRANT_TOPICS);
  };
  const granted = new Set(grants.filter((g) => g.state === 'active').map((g) => (model ? g.realmId : g.modelId)));
  const choice = (value: string, label: string, detail: string) => ({ value, label, detail: granted.has(value) ? 'granted already' : detail, disabled: granted.has(value) });
  return (
    <FormDialog
      opened onClose={onClose} form={form} save={save} action={grant ? 'Save' : 'Grant'}
      title={grant ? `Grant of ${grant.litellmModelName} to ${grant.realmSlug}` : model ? `Grant ${model.name} to a realm` : `Grant a model to ${realm?.name}`}
    >
      {!model && !grant && (
        <Pick
          label="Model" required data-autofocus queryKey={['models', 'to-grant']} value={modelId || null} error={form.errors.modelId}
          onChange={(value) => form.setFieldValue('modelId', value ?? '')}
          load={async (query) => {
            const page = await ask(api.GET('/api/models', { params: { query: { ...query, status: 'active' } } }));
            return { ...page, items: page.items.map((m) => choice(m.id, m.name, m.litellmModelName)) };
          }}
        />
      )}
      {!realm && !grant && (
        <Pick
          label="Realm" required data-autofocus queryKey={['realms', 'to-grant']} value={realmId || null} error={form.errors.realmId}
          onChange={(value) => form.setFieldValue('realmId', value ?? '')}
          load={async (query) => {
            const page = await ask(api.GET('/api/realms', { params: { query } }));
            return { ...page, items: page.items.filter((r) => can('grants:write', r.id)).map((r) => choice(r.id, r.name, `${r.slug}, ${count(r.members, 'agent')}`)) };
          }}
        />
      )}
      {grant?.expiresAt && <Text size="sm">It ends on {exactTime(grant.expiresAt)}. Another end, or none, can be chosen here.</Text>}
      {chosen && !grant && (
        <Text size="sm" role="status">{chosen.members > 0 ? `${count(chosen.members, 'agent')} can call it as soon as the proxies have it.` : `${chosen.name} has no agents yet.`}</Text>
      )}
      <EndsField value={form.values.expiresAt} now={grant?.expiresAt} error={form.errors.expiresAt} onChange={(value) => form.setFieldValue('expiresAt', value)} />
      <Textarea label="Reason" autosize minRows={2} maxLength={500} description="Shown with the grant and in the audit." {...form.getInputProps('reason')} />
      {chosen && can('realms:write', chosen.id) && (
        <NumberInput
          label="Monthly budget of the realm" prefix="$" min={0} decimalScale={2} hideControls thousandSeparator="," placeholder="As it is"
          description={`US dollars, shared by all grants and agents of ${chosen.name}. Now: ${budgetText(chosen.monthlyBudgetUsd)}. Left empty, it stays; to lift it, edit the realm.`}
          {...form.getInputProps('monthlyBudgetUsd')}
        />
      )}
    </FormDialog>
  );
}
