// The seven roles and the areas of permissions, in words. By hand, as control-plane/src/domain/role.rs and permission.rs have
// them: the API does not say what a role holds.

import type { Role } from '../../api/schema';

export interface RoleWords {
  role: Role;
  label: string;
  about: string;
  /** Given for single realms; the others hold everywhere. */
  inRealm: boolean;
}

export const ROLES: RoleWords[] = [
  { role: 'owner', label: 'Owner', about: 'Everything.', inRealm: false },
  { role: 'admin', label: 'Admin', about: 'Everything but how one signs in: identity providers, CI rules and settings are read only.', inRealm: false },
  { role: 'operator', label: 'Operator', about: 'Runs the fleet: proxies, drift, provider keys, rotation, the emergency stop.', inRealm: false },
  { role: 'auditor', label: 'Auditor', about: 'Reads everything. Nothing that can be read holds a secret.', inRealm: false },
  { role: 'realm-admin', label: 'Realm admin', about: 'Rules a realm: its grants, keys, agents and tokens.', inRealm: true },
  { role: 'realm-member', label: 'Realm member', about: 'Brings agents into a realm and configures them.', inRealm: true },
  { role: 'realm-viewer', label: 'Realm viewer', about: 'Looks at a realm.', inRealm: true },
];

export interface Area {
  area: string;
  label: string;
  about: string;
  group: string;
  /** May be held in single realms. */
  inRealm: boolean;
  /** Nothing of it is changed by hand. */
  readOnly?: boolean;
  /** A letter for each of ROLES: w, r, or - for nothing. */
  held: string;
}

const [REGISTRY, AGENTS, FLEET, ADMIN] = ['Models and realms', 'Agents', 'Fleet', 'Administration'];

export const AREAS: Area[] = [
  { area: 'models', label: 'Models', about: 'The registry: models and their deployments', group: REGISTRY, inRealm: true, held: 'wwrrrrr' },
  { area: 'grants', label: 'Grants', about: 'Which realm may use which model', group: REGISTRY, inRealm: true, held: 'wwrrwrr' },
  { area: 'realms', label: 'Realms', about: 'Name, budget, placement, default model', group: REGISTRY, inRealm: true, held: 'wwrrrrr' },
  { area: 'keys', label: 'Virtual keys', about: 'Rotation and removal', group: REGISTRY, inRealm: true, held: 'wwwrwrr' },
  { area: 'agents', label: 'Agents', about: 'Membership, approval, config mode, explain', group: AGENTS, inRealm: true, held: 'wwrrwwr' },
  { area: 'enrollment', label: 'Enrolment', about: 'Enrolment tokens', group: AGENTS, inRealm: true, held: 'wwrrwwr' },
  { area: 'freezes', label: 'Freezes', about: 'The emergency stop', group: AGENTS, inRealm: true, held: 'wwwrwrr' },
  { area: 'proxies', label: 'Proxies', about: 'The fleet, drift, work queue, observe mode', group: FLEET, inRealm: false, held: 'wwwr---' },
  { area: 'credentials', label: 'Credentials', about: 'Provider keys', group: FLEET, inRealm: false, held: 'wwwr---' },
  { area: 'changes', label: 'Changes', about: 'The change log and its receipts', group: FLEET, inRealm: true, readOnly: true, held: 'rrrrrrr' },
  { area: 'tokens', label: 'API tokens', about: 'For CI jobs and services', group: ADMIN, inRealm: true, held: 'ww-rw--' },
  { area: 'people', label: 'People', about: 'Their roles and sessions', group: ADMIN, inRealm: false, held: 'ww-r---' },
  { area: 'access', label: 'Signing in', about: 'Identity providers, CI rules, settings', group: ADMIN, inRealm: false, held: 'wr-r---' },
  { area: 'audit', label: 'Audit', about: 'The audit record', group: ADMIN, inRealm: false, readOnly: true, held: 'rr-r---' },
];

export const GROUPS = [...new Set(AREAS.map((a) => a.group))].map((group) => ({ group, areas: AREAS.filter((a) => a.group === group) }));

export const roleWords = (role: Role): RoleWords =>
  ROLES.find((r) => r.role === role) ?? { role, label: role, about: '', inRealm: false };

/** `grants:write`, ... */
export function permissionsOf(role: Role): string[] {
  const column = ROLES.findIndex((r) => r.role === role);
  return AREAS.flatMap(({ area, held }) => {
    if (held[column] === 'w') return [`${area}:write`];
    return held[column] === 'r' ? [`${area}:read`] : [];
  });
}

export type Level = 'write' | 'read' | undefined;

/** What a list of permissions holds in an area. */
export function levelIn(permissions: string[], area: string): Level {
  if (permissions.includes(`${area}:write`)) return 'write';
  return permissions.includes(`${area}:read`) ? 'read' : undefined;
}

export const LEVELS = { write: 'Read and change', read: 'Read' };

/** `grants:write`: "change grants". */
export function permissionText(permission: string): string {
  const [area, level] = permission.split(':');
  const words = AREAS.find((a) => a.area === area);
  const label = words ? words.label.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase()) : area;
  return `${level === 'write' ? 'change' : 'read'} ${label}`;
}
