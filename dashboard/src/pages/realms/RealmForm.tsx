// Making a realm, and editing one: the same fields, except that the slug stays and the default model needs a grant first.

import { NumberInput, Radio, Select, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api, ask, ifMatch } from '../../api/client';
import { useCan } from '../../api/me';
import type { KeyScope, SyncedRealmView, UpdateRealm } from '../../api/schema';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';
import { grantsQuery } from './queries';

interface Values {
  name: string;
  slug: string;
  description: string;
  monthlyBudgetUsd: number | '';
  defaultModelId: string | null;
  keyScope: KeyScope;
  keyMaxAgeDays: number | '';
  isDefault: boolean;
}

const NEW: Values = {
  name: '', slug: '', description: '', monthlyBudgetUsd: '', defaultModelId: null, keyScope: 'realm', keyMaxAgeDays: '', isDefault: false,
};
const useRealmForm = (initialValues: Values) => useForm<Values>({
  initialValues,
  validate: {
    name: (v) => (v.trim() ? null : 'A name'),
    slug: (v) => (/^[a-z0-9-]*$/.test(v) ? null : 'Small letters, digits and -'),
  },
});
const orNull = (n: number | '') => (n === '' ? null : n);

const slugOf = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '');

export function CreateRealm({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const form = useRealmForm(NEW);
  const done = useDone();
  const navigate = useNavigate();
  const save = async ({ name, slug, description, monthlyBudgetUsd, keyScope, keyMaxAgeDays, isDefault }: Values) => {
    const realm = await ask(api.POST('/api/realms', {
      body: {
        name: name.trim(), slug: slug || null, description, keyScope, isDefault,
        monthlyBudgetUsd: orNull(monthlyBudgetUsd), keyMaxAgeDays: orNull(keyMaxAgeDays),
      },
    }));
    done(`Made realm ${realm.name}`, realm, 'realms', 'changes');
    void navigate({ to: '/realms/$id', params: { id: realm.slug } });
  };
  return (
    <FormDialog opened={opened} onClose={onClose} title="New realm" form={form} save={save} action="Make it">
      <TextInput label="Name" placeholder="Team A" data-autofocus required {...form.getInputProps('name')} />
      <TextInput
        label="Slug" description="Its short name in URLs and commands. It never changes." placeholder={slugOf(form.values.name) || 'team-a'}
        {...form.getInputProps('slug')}
      />
      <Fields form={form} />
    </FormDialog>
  );
}

const valuesOf = (realm: SyncedRealmView): Values => ({
  name: realm.name, slug: realm.slug, description: realm.description, keyScope: realm.keyScope, isDefault: realm.isDefault,
  defaultModelId: realm.defaultModelId ?? null, monthlyBudgetUsd: realm.monthlyBudgetUsd ?? '', keyMaxAgeDays: realm.keyMaxAgeDays ?? '',
});

/** `realm`: as it was when this opened. */
export function EditRealm({ realm, opened, onClose }: { realm: SyncedRealmView; opened: boolean; onClose: () => void }) {
  const form = useRealmForm(valuesOf(realm));
  const done = useDone();
  const can = useCan();
  const grants = useQuery({ ...grantsQuery(realm.id), enabled: opened && can('grants:read', realm.id) });
  const save = async (values: Values) => {
    const patch: UpdateRealm = {
      name: values.name.trim(), description: values.description, defaultModelId: values.defaultModelId, keyScope: values.keyScope,
      monthlyBudgetUsd: orNull(values.monthlyBudgetUsd), keyMaxAgeDays: orNull(values.keyMaxAgeDays),
      isDefault: values.isDefault === realm.isDefault ? undefined : values.isDefault,
    };
    const after = await ask(api.PATCH('/api/realms/{id}', { params: { path: { id: realm.id } }, headers: ifMatch(realm.version), body: patch }));
    done(`Edited realm ${after.name}`, after, 'realms', 'changes', 'agents');
  };
  const active = grants.data?.filter((g) => g.state === 'active') ?? [];
  return (
    <FormDialog opened={opened} onClose={onClose} title={`Edit ${realm.name}`} form={form} save={save}>
      <TextInput label="Name" data-autofocus required {...form.getInputProps('name')} />
      <Select
        label="Default model" description="What agents get for which no model was chosen. It has to be granted to the realm." placeholder="None" clearable searchable
        data={active.map((g) => ({ value: g.modelId, label: g.litellmModelName }))} nothingFoundMessage="Grant a model first"
        {...form.getInputProps('defaultModelId')}
      />
      <Fields form={form} scopeBefore={realm.keyScope} agents={realm.members} />
    </FormDialog>
  );
}

type RealmFormType = ReturnType<typeof useRealmForm>;

function Fields({ form, scopeBefore, agents = 0 }: { form: RealmFormType; scopeBefore?: KeyScope; agents?: number }) {
  const can = useCan();
  return (
    <>
      <Textarea label="Description" autosize minRows={2} {...form.getInputProps('description')} />
      <NumberInput
        label="Monthly budget" description="US dollars a month over all its agents and models. Empty: no limit." prefix="$" min={0} decimalScale={2}
        hideControls placeholder="No limit" {...form.getInputProps('monthlyBudgetUsd')}
      />
      <Radio.Group label="Virtual key" {...form.getInputProps('keyScope')}>
        <Stack gap="xs" mt={6}>
          <Radio value="realm" label="One for all agents" description="Fewer keys. When an agent leaves, the key is replaced for the others." />
          <Radio value="agent" label="One per agent" description="One agent can be cut off without touching the rest; spend is counted per agent." />
        </Stack>
      </Radio.Group>
      {scopeBefore && scopeBefore !== form.values.keyScope && agents > 0 && (
        <Text size="sm" role="status">All {agents} agents get new keys; those before go when the agents have theirs, at most 24 hours later.</Text>
      )}
      <NumberInput
        label="Key max age" description="Days after which a key is replaced by itself, with overlap. Empty: never." suffix=" days" min={1} max={3650} allowDecimal={false}
        hideControls placeholder="Never" {...form.getInputProps('keyMaxAgeDays')}
      />
      {can('realms:write') && (
        <Switch
          label="Default realm" description="Agents that enrol without a realm join this one, in place of the one before."
          {...form.getInputProps('isDefault', { type: 'checkbox' })}
        />
      )}
    </>
  );
}
