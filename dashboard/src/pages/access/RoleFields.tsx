// Roles being given, one line each: the role, the realm where it is one for realms, and for a provider's groups the group.

import { ActionIcon, Button, Group, Paper, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Role } from '../../api/schema';
import { useMayGive, useRealms } from './queries';
import { ROLES, roleWords } from './roles';

export interface GivenRole {
  /** Of the line, for React. */
  key: number;
  role: Role | null;
  realmId: string | null;
  group: string;
}

let lines = 0;
export const givenRole = (given: Partial<Omit<GivenRole, 'key'>> = {}): GivenRole => {
  lines += 1;
  return { role: null, realmId: null, group: '', ...given, key: lines };
};

/** What is missing in the lines. */
export function missingIn(given: GivenRole[], groups = false): string | null {
  if (groups && given.some((g) => !g.group.trim())) return 'Name the group in every line.';
  if (given.some((g) => !g.role)) return 'Choose a role in every line.';
  if (given.some((g) => g.role && roleWords(g.role).inRealm && !g.realmId)) return 'Choose the realm where the role is one for realms.';
  return null;
}

/** As the API takes them; to be asked for after `missingIn`. */
export const giveBody = (given: GivenRole[]) =>
  given.flatMap(({ role, realmId }) => (role ? [{ role, realmId: roleWords(role).inRealm ? realmId : undefined }] : []));

interface Props {
  value: GivenRole[];
  onChange: (value: GivenRole[]) => void;
  error?: ReactNode;
  label: string;
  /** Each line begins with a group of the provider. */
  groups?: boolean;
  /** Said when there is no line. */
  none: string;
}

export function RoleFields({ value, onChange, error, label, groups, none }: Props) {
  const set = (key: number, patch: Partial<GivenRole>) => onChange(value.map((g) => (g.key === key ? { ...g, ...patch } : g)));
  return (
    <Stack gap="xs" role="group" aria-label={label}>
      <Text size="sm" fw={500}>{label}</Text>
      {value.length === 0 && <Text size="sm" c="dimmed">{none}</Text>}
      {value.map((given, n) => (
        <Line
          key={given.key} given={given} groups={groups} number={n + 1}
          onChange={(patch) => set(given.key, patch)} onRemove={() => onChange(value.filter((g) => g.key !== given.key))}
        />
      ))}
      {error && <Text size="xs" c="var(--mantine-color-error)" role="alert">{error}</Text>}
      <Group>
        <Button size="compact-sm" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => onChange([...value, givenRole()])}>
          {groups ? 'Add a group' : 'Add a role'}
        </Button>
      </Group>
    </Stack>
  );
}

interface LineProps {
  given: GivenRole;
  groups?: boolean;
  number: number;
  onChange: (patch: Partial<GivenRole>) => void;
  onRemove: () => void;
}

function Line({ given, groups, number, onChange, onRemove }: LineProps) {
  const { realms } = useRealms();
  const mayGive = useMayGive();
  const words = given.role ? roleWords(given.role) : undefined;
  return (
    <Paper withBorder p="sm">
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <Stack gap="xs" flex={1} miw={0}>
          {groups && (
            <TextInput
              aria-label={`Group ${number}`} placeholder="Group, as the provider names it" value={given.group}
              onChange={(event) => onChange({ group: event.currentTarget.value })}
            />
          )}
          <Select
            aria-label={`Role ${number}`} placeholder="Role" allowDeselect={false} value={given.role}
            data={[
              { group: 'For the whole installation', items: choices(false, (role) => mayGive.role(role)) },
              { group: 'For single realms', items: choices(true, (role) => mayGive.roleSomewhere(role)) },
            ]}
            renderOption={({ option }) => <Choice value={option.value} label={option.label} disabled={option.disabled} />}
            onChange={(_, option) => onChange({ role: ROLES.find((r) => r.role === option?.value)?.role ?? null })}
          />
          {words?.inRealm && (
            <Select
              aria-label={`Realm ${number}`} placeholder="Realm" searchable value={given.realmId} nothingFoundMessage="No realm has this name."
              data={realms.filter((r) => mayGive.role(words.role, r.id)).map((r) => ({ value: r.id, label: r.name }))}
              onChange={(realmId) => onChange({ realmId })}
            />
          )}
          {words && <Text size="xs" c="dimmed">{words.about}</Text>}
        </Stack>
        <ActionIcon variant="subtle" color="gray" size={36} aria-label={`Take line ${number} away`} onClick={onRemove}><IconTrash size={16} aria-hidden /></ActionIcon>
      </Group>
    </Paper>
  );
}

const choices = (inRealm: boolean, may: (role: Role) => boolean) =>
  ROLES.filter((r) => r.inRealm === inRealm).map((r) => ({ value: r.role, label: r.label, disabled: !may(r.role) }));

/** A role in a drop-down, with what it may do. */
export function Choice({ value, label, disabled }: { value: string; label: string; disabled?: boolean }) {
  const about = ROLES.find((r) => r.role === value)?.about;
  return (
    <Stack gap={0} miw={0}>
      <Text size="sm">{label}</Text>
      <Text size="xs" c="dimmed">{disabled ? 'More than you have: nobody gives out more than that.' : about}</Text>
    </Stack>
  );
}
