// What a token or a CI rule may do: a role or single permissions, and where. What the caller lacks cannot be chosen.

import { Checkbox, Group, MultiSelect, SegmentedControl, Select, Stack, Table, Text } from '@mantine/core';
import { Fragment, type ReactNode } from 'react';
import { useCan } from '../../api/me';
import type { Role } from '../../api/schema';
import { useMayGive, useRealms } from './queries';
import { Choice } from './RoleFields';
import { AREAS, GROUPS, levelIn, ROLES, roleWords, type Area } from './roles';

export interface RightsValue {
  kind: 'permissions' | 'role';
  role: Role | null;
  permissions: string[];
  everywhere: boolean;
  realmIds: string[];
}

export const noRights = (everywhere: boolean): RightsValue => ({ kind: 'permissions', role: null, permissions: [], everywhere, realmIds: [] });

/** A role says itself whether it is one for realms. */
const isEverywhere = (v: RightsValue) => (v.kind === 'role' ? !v.role || !roleWords(v.role).inRealm : v.everywhere);

/** As the API takes them. */
export const rightsBody = (v: RightsValue) => ({
  ...(v.kind === 'role' ? { role: v.role } : { permissions: v.permissions }),
  realmIds: isEverywhere(v) ? undefined : v.realmIds,
});

export function missingRights(v: RightsValue): string | null {
  if (v.kind === 'role' && !v.role) return 'Choose a role.';
  if (v.kind === 'permissions' && v.permissions.length === 0) return 'Choose at least one permission.';
  if (!isEverywhere(v) && v.realmIds.length === 0) return 'Choose the realms.';
  return null;
}

interface Props {
  value: RightsValue;
  onChange: (value: RightsValue) => void;
  error?: ReactNode;
  /** What one needs to give them out in a realm, such as `tokens:write`. */
  needs: string;
}

export function RightsFields({ value, onChange, error, needs }: Props) {
  const can = useCan();
  const mayGive = useMayGive();
  const { realms } = useRealms();
  const set = (patch: Partial<RightsValue>) => onChange({ ...value, ...patch });
  const everywhere = isEverywhere(value);
  const scope = everywhere ? null : value.realmIds;
  // Those that can be chosen first.
  const offered = ROLES
    .map((r) => ({ value: r.role, label: r.label, disabled: !(r.inRealm ? mayGive.roleSomewhere(r.role) : can(needs) && mayGive.role(r.role)) }))
    .sort((a, b) => Number(a.disabled) - Number(b.disabled));
  const setWhere = (where: string) => {
    const all = where === 'everywhere';
    // What cannot be held in a realm goes.
    set({ everywhere: all, permissions: all ? value.permissions : value.permissions.filter((p) => AREAS.some((a) => a.inRealm && levelIn([p], a.area))) });
  };
  return (
    <Stack gap="sm" role="group" aria-label="What it may do">
      <Stack gap={4}>
        <Text size="sm" fw={500}>What it may do</Text>
        <SegmentedControl
          aria-label="By permissions or by a role" value={value.kind}
          data={[{ value: 'permissions', label: 'Single permissions' }, { value: 'role', label: 'A role' }]}
          onChange={(kind) => set({ kind: kind === 'role' ? 'role' : 'permissions' })}
        />
      </Stack>
      {value.kind === 'role' && (
        <Select
          label="Role" placeholder="Choose" allowDeselect={false} value={value.role}
          description={value.role ? roleWords(value.role).about : 'Better a few permissions, if they are enough.'}
          data={offered}
          renderOption={({ option }) => <Choice value={option.value} label={option.label} disabled={option.disabled} />}
          onChange={(_, option) => set({ role: ROLES.find((r) => r.role === option?.value)?.role ?? null })}
        />
      )}
      {value.kind === 'permissions' && can(needs) && (
        <SegmentedControl
          aria-label="Where" value={value.everywhere ? 'everywhere' : 'realms'} onChange={setWhere}
          data={[{ value: 'realms', label: 'In some realms' }, { value: 'everywhere', label: 'Everywhere' }]}
        />
      )}
      {!everywhere && (
        <MultiSelect
          label="Realms" required searchable hidePickedOptions placeholder={value.realmIds.length ? undefined : 'Choose'}
          nothingFoundMessage="No realm has this name." value={value.realmIds}
          data={realms
            .filter((r) => can(needs, r.id) && (value.kind !== 'role' || !value.role || mayGive.role(value.role, r.id)))
            .map((r) => ({ value: r.id, label: r.name }))}
          onChange={(realmIds) => set({ realmIds })}
        />
      )}
      {value.kind === 'permissions' && (
        <Permissions
          value={value.permissions} onChange={(permissions) => set({ permissions })}
          may={(p, area) => (everywhere || area.inRealm) && mayGive.permissions([p], scope)} inRealms={!everywhere}
        />
      )}
      {error && <Text size="xs" c="var(--mantine-color-error)" role="alert">{error}</Text>}
    </Stack>
  );
}

interface PermissionsProps {
  value: string[];
  onChange: (value: string[]) => void;
  may: (permission: string, area: Area) => boolean;
  inRealms: boolean;
}

function Permissions({ value, onChange, may, inRealms }: PermissionsProps) {
  const set = (area: string, level?: 'read' | 'write') =>
    onChange([...value.filter((p) => !p.startsWith(`${area}:`)), ...(level ? [`${area}:${level}`] : [])]);
  const offered = GROUPS.map((g) => ({ ...g, areas: g.areas.filter((a) => !inRealms || a.inRealm) })).filter((g) => g.areas.length > 0);
  return (
    <Table verticalSpacing={4} horizontalSpacing="xs" aria-label="Permissions" withTableBorder>
      <Table.Thead>
        <Table.Tr><Table.Th>Area</Table.Th><Table.Th ta="center">Read</Table.Th><Table.Th ta="center">Change</Table.Th></Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {offered.map(({ group, areas }) => (
          <Fragment key={group}>
            <Table.Tr><Table.Th colSpan={3} scope="rowgroup" fz={12} c="dimmed" fw={550}>{group}</Table.Th></Table.Tr>
            {areas.map((a) => {
              const level = levelIn(value, a.area);
              return (
                <Table.Tr key={a.area}>
                  <Table.Th scope="row" fw={400}>{a.label}<Text span display="block" fz={12} c="dimmed">{a.about}</Text></Table.Th>
                  <Table.Td>
                    <Group justify="center">
                      <Checkbox
                        aria-label={`Read: ${a.label}`} checked={level !== undefined} disabled={level === 'write' || !may(`${a.area}:read`, a)}
                        onChange={(event) => set(a.area, event.currentTarget.checked ? 'read' : undefined)}
                      />
                    </Group>
                  </Table.Td>
                  <Table.Td>
                    {!a.readOnly && (
                      <Group justify="center">
                        <Checkbox
                          aria-label={`Change: ${a.label}`} checked={level === 'write'} disabled={level !== 'write' && !may(`${a.area}:write`, a)}
                          onChange={(event) => set(a.area, event.currentTarget.checked ? 'write' : 'read')}
                        />
                      </Group>
                    )}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Fragment>
        ))}
      </Table.Tbody>
    </Table>
  );
}
