// What somebody or something may do, and where, in a cell: roles with their realms, or single permissions.

import { Stack, Text, Tooltip } from '@mantine/core';
import type { Role, RoleAt } from '../../api/schema';
import { listed } from '../models/naming';
import { permissionText, roleWords } from './roles';

type NameOf = (id: string) => string;

/** "Realm admin in Red". */
export function roleText(at: Pick<RoleAt, 'role' | 'realmId'>, nameOf: NameOf): string {
  const { label } = roleWords(at.role);
  return at.realmId ? `${label} in ${nameOf(at.realmId)}` : label;
}

export const rolesText = (roles: RoleAt[], nameOf: NameOf) => roles.map((at) => roleText(at, nameOf)).join(', ');

interface RolesProps {
  roles: RoleAt[];
  nameOf: NameOf;
  /** What an identity provider is called. */
  providerOf?: (id: string) => string | undefined;
}

export function Roles({ roles, nameOf, providerOf }: RolesProps) {
  if (roles.length === 0) return <Text span inherit c="dimmed">no role</Text>;
  return (
    <Stack gap={2}>
      {roles.map((at) => (
        <Text key={`${at.role} ${at.realmId} ${at.providerId}`} span inherit>
          <Tooltip label={roleWords(at.role).about} multiline maw={320}>
            <span tabIndex={0}>{roleWords(at.role).label}</span>
          </Tooltip>
          {at.realmId && <> in {nameOf(at.realmId)}</>}
          {at.providerId && <Text span inherit c="dimmed"> (from {providerOf?.(at.providerId) ?? 'an identity provider'})</Text>}
        </Text>
      ))}
    </Stack>
  );
}

interface Holder {
  role?: Role | null;
  permissions: string[];
  realmIds?: string[] | null;
}

const whatText = (h: Holder) => {
  if (h.role) return roleWords(h.role).label;
  const text = h.permissions.map(permissionText).join(', ');
  return text.charAt(0).toUpperCase() + text.slice(1);
};
const whereText = (h: Holder, nameOf: NameOf) => (h.realmIds ? `in ${listed(h.realmIds.map(nameOf))}` : 'everywhere');

export const holdsText = (h: Holder, nameOf: NameOf) => `${whatText(h)} ${whereText(h, nameOf)}`;

/** Of a token or a rule. */
export function Holds({ holder, nameOf }: { holder: Holder; nameOf: NameOf }) {
  return (
    <Tooltip label={holder.permissions.join(', ')} disabled={holder.permissions.length === 0} multiline maw={360}>
      <Text span inherit display="block" tabIndex={holder.permissions.length > 0 ? 0 : undefined}>
        {whatText(holder)}
        <Text span display="block" fz={12} c="dimmed">{whereText(holder, nameOf)}</Text>
      </Text>
    </Tooltip>
  );
}
