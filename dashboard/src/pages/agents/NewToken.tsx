// The form for an enrolment token.

import { MultiSelect, NumberInput, Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { CreatedToken } from '../../api/schema';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';
import { realmNamesQuery } from './queries';

const HOURS = [
  { value: '1', label: 'In an hour' },
  { value: '24', label: 'In a day' },
  { value: '168', label: 'In a week' },
  { value: '720', label: 'In 30 days' },
  { value: 'at', label: 'At a time of its own' },
];

interface Values {
  realmIds: string[];
  maxUses: number | string;
  hours: string;
  expiresAt: string;
}

interface Props {
  opened: boolean;
  onClose: () => void;
  onMade: (token: CreatedToken) => void;
}

export function NewToken({ opened, onClose, onMade }: Props) {
  const can = useCan();
  const done = useDone();
  const everywhere = can('enrollment:write');
  const names = useQuery({ ...realmNamesQuery, enabled: opened && can('realms:read', 'any') }).data ?? new Map<string, { name: string; slug: string }>();
  const realms = [...names].filter(([id]) => can('enrollment:write', id));
  const form = useForm<Values>({
    initialValues: { realmIds: [], maxUses: 1, hours: '24', expiresAt: '' },
    validate: {
      realmIds: (ids) => (everywhere || ids.length > 0 ? null : 'Choose the realms that it is for.'),
      maxUses: (n) => (typeof n === 'number' && n >= 1 ? null : 'For at least one agent.'),
      expiresAt: (at, { hours }) => (hours !== 'at' || new Date(at) > new Date() ? null : 'Choose a time from now on.'),
    },
  });
  const save = async ({ realmIds, maxUses, hours, expiresAt }: Values) => {
    const end = hours === 'at' ? new Date(expiresAt) : new Date(Date.now() + Number(hours) * 3_600_000);
    const body = { realmIds, maxUses: Number(maxUses), expiresAt: end.toISOString() };
    onMade(await ask(api.POST('/api/enrollment-tokens', { body })));
    done('The token is made', undefined, 'enrollment');
  };
  const primary = form.values.realmIds[0];
  return (
    <FormDialog opened={opened} onClose={onClose} title="New enrolment token" form={form} save={save} action="Make it">
      <MultiSelect
        label="Realms"
        required={!everywhere}
        searchable
        clearable
        hidePickedOptions
        maxValues={100}
        placeholder={form.values.realmIds.length ? undefined : everywhere ? 'The default realm' : 'Choose'}
        description={primary ? `Agents join them at once. Primary: ${names.get(primary)?.name ?? ''}.` : 'Agents join them at once, the first as their primary one.'}
        nothingFoundMessage="No realm has this name."
        data={realms.map(([value, { name }]) => ({ value, label: name }))}
        {...form.getInputProps('realmIds')}
      />
      <NumberInput label="For how many agents" min={1} max={10_000} allowDecimal={false} {...form.getInputProps('maxUses')} />
      <Select label="Ends" allowDeselect={false} data={HOURS} {...form.getInputProps('hours')} />
      {form.values.hours === 'at' && <TextInput label="At" type="datetime-local" description="Your local time, within a year." required {...form.getInputProps('expiresAt')} />}
    </FormDialog>
  );
}
