// What a row is about: its subject as a kind and a name, and the page that shows it. The row knows most names itself, from its
// views before and after; the rest are ids of realms and people.

import type { AuditView } from '../../api/schema';
import { shortDid } from '../../components/Copy';

/** By id. */
export interface Names {
  realms?: Map<string, { name: string }>;
  people?: Map<string, string>;
}

export interface About {
  kind: string;
  name: string;
  to?: string;
}

type View = Record<string, unknown>;
const viewOf = (value: unknown): View => (value !== null && typeof value === 'object' && !Array.isArray(value) ? { ...value } : {});

const list = (path: string, q: string, more: Record<string, string> = {}) => `${path}?${new URLSearchParams({ ...more, q })}`;

export function aboutOf(row: Pick<AuditView, 'action' | 'subject' | 'before' | 'after'>, names: Names): About {
  const view: View = { ...viewOf(row.before), ...viewOf(row.after) };
  const text = (key: string) => (typeof view[key] === 'string' && view[key] ? String(view[key]) : undefined);
  const [kind = '', id = '', rest = '', last = ''] = row.subject.split('/');
  const realmGone = (of: string) => names.realms !== undefined && !names.realms.has(of);
  const realm = (of: string) => names.realms?.get(of)?.name ?? text('realmSlug') ?? `${of.slice(0, 8)}…${realmGone(of) ? ', which is gone' : ''}`;
  const realmPage = (of: string, tab = '') => (realmGone(of) ? undefined : `/realms/${of}${tab}`);
  const did = (of: string) => text('name') ?? shortDid(of);
  // What is gone has no page.
  const gone = row.action.endsWith('.delete') && kind !== 'member';
  const page = (to: string) => (gone ? undefined : to);
  if (row.action === 'refused') return { kind: 'request', name: row.subject };
  switch (kind) {
    case 'model': return { kind, name: text('litellmModelName') ?? text('name') ?? id, to: page(`/models/${id}`) };
    case 'realm': {
      if (rest === 'key') return { kind: 'virtual key', name: `generation ${last} of ${realm(id)}`, to: realmPage(id, '?tab=key') };
      return { kind, name: (row.action.startsWith('realm.') ? text('name') : undefined) ?? realm(id), to: realmPage(id) };
    }
    case 'grant': return { kind, name: `${text('litellmModelName') ?? 'a model'} to ${realm(id)}`, to: realmPage(id) };
    case 'member': return { kind: 'member', name: `${shortDid(rest)} in ${realm(id)}`, to: `/agents/${rest}` };
    case 'agent': return { kind, name: did(id), to: page(`/agents/${id}`) };
    case 'proxy': return { kind, name: text('name') ?? id, to: page(`/proxies/${id}`) };
    case 'freeze': {
      const pages: Record<string, string> = { realm: '/realms', agent: '/agents', model: '/models', proxy: '/proxies' };
      return { kind: id, name: text('name') ?? shortDid(rest), to: pages[id] && `${pages[id]}/${rest}` };
    }
    case 'person': {
      const email = text('email') ?? names.people?.get(id);
      return { kind, name: email ?? id, to: email ? page(list('/access', email, { tab: 'people' })) : undefined };
    }
    case 'deployment': return { kind, name: [text('provider'), text('modelId')].filter(Boolean).join('/') || id };
    case 'credential': return { kind, name: text('name') ?? id, to: text('name') && page(list('/credentials', text('name') ?? '')) };
    case 'token': return { kind: 'API token', name: text('name') ?? id, to: text('name') && list('/access', text('name') ?? '', { tab: 'tokens' }) };
    case 'workload-rule': return { kind: 'CI rule', name: text('name') ?? text('job') ?? id, to: text('name') && page(list('/access', text('name') ?? '', { tab: 'ci-rules' })) };
    case 'identity-provider': return { kind: 'identity provider', name: text('name') ?? id, to: text('name') && page(list('/access', text('name') ?? '', { tab: 'identity-providers' })) };
    case 'enrollment-token': return { kind: 'enrolment token', name: text('fingerprint') ?? id, to: text('fingerprint') && list('/enrollment', text('fingerprint') ?? '') };
    case 'settings': return { kind: '', name: 'the settings', to: '/settings' };
    default: return { kind: '', name: row.subject };
  }
}

/** Of a refused request or sign-in, why. */
export function refusalText(row: Pick<AuditView, 'action' | 'after'>): string {
  const view = viewOf(row.after);
  if (row.action === 'session.refused') return view.roles === undefined ? 'Wrong email or password, or locked out' : 'No role here any more';
  const needed = view.code === 'missing-permission' && typeof view.needed === 'string' ? `needs ${view.needed}` : undefined;
  const left = typeof view.leftOut === 'number' ? `${view.leftOut} more were not written down` : undefined;
  return [`${String(view.status ?? '')} ${String(view.code ?? '')}`.trim(), needed, left].filter(Boolean).join(' · ');
}
