// A change as a sentence: one entry per kind of the change log, with the names that it speaks of as links. A kind that is
// not known here is said in its own words. `sentence` gives the text, `Sentence` the same with links.

import { Anchor, Text } from '@mantine/core';
import {
  IconArrowsShuffle, IconBox, IconCircleCheck, IconEye, IconKey, IconRobot, IconServer, IconShieldCheck, IconShieldX, IconSnowflake, IconStack2,
  IconUsersGroup, type Icon,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';
import { useCan } from '../../api/me';
import type { ChangeView } from '../../api/schema';
import { shortDid } from '../../components/Copy';
import { realmQuery } from '../realms/queries';

/** Something with a name, and where it is shown. */
interface Named {
  name: string;
  to?: string;
  /** A realm of which only the id is known: its name is read where it is shown. */
  realmId?: string;
}
type Part = string | Named;

/** Names of what a change knows by id alone. */
export interface Names {
  proxies?: Record<string, string>;
  agents?: Record<string, string>;
  realms?: Record<string, string>;
}

/** What of a change is needed to say it. */
export type Said = Pick<ChangeView, 'kind' | 'summary' | 'actor'>;

interface Known {
  realm: Part;
  model: Part;
  agent: Part;
  proxy: Part;
  text: (key: string) => string | undefined;
  is: (key: string) => boolean;
  system: boolean;
}

function known(change: Said, names: Names): Known {
  const summary: Record<string, unknown> = change.summary;
  const text = (key: string) => {
    const value = summary[key];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const [slug, realmId] = [text('realm'), text('realmId')];
  const [did, proxyId] = [text('agent') ?? text('did'), text('proxyId')];
  const model = text('model');
  const proxy = text('proxy') ?? (proxyId && (names.proxies?.[proxyId] ?? text('name')));
  const realm = slug ?? (realmId && names.realms?.[realmId]);
  return {
    realm: realm || realmId ? { name: realm ?? 'a realm', to: `/realms/${realm ?? realmId}`, realmId: realm ? undefined : realmId } : 'a realm',
    model: model ? { name: model, to: `/models/${encodeURIComponent(model)}` } : 'a model',
    agent: did ? { name: names.agents?.[did] ?? text('agentName') ?? shortDid(did), to: `/agents/${did}` } : 'an agent',
    proxy: proxy || proxyId ? { name: proxy ?? 'a proxy', to: `/proxies/${proxyId ?? proxy}` } : 'a proxy',
    text,
    is: (key) => summary[key] === true,
    system: change.actor.startsWith('system:'),
  };
}

/** What `freeze` and `unfreeze` are about. */
function frozen({ text }: Known): Part[] {
  const [kind, name] = [text('kind') ?? 'something', text('name') ?? ''];
  const to: Record<string, string | undefined> = {
    realm: `/realms/${name}`, model: `/models/${encodeURIComponent(name)}`, proxy: `/proxies/${name}`,
  };
  return [`${kind} `, { name, to: to[kind] }];
}

const OBJECTS: Record<string, string> = { team: 'A realm’s team', key: 'A virtual key', deployment: 'A deployment', revocation: 'A revocation' };

const SENTENCES: Record<string, (k: Known) => Part[]> = {
  grant: (k) => ['Granted ', k.model, ' to ', k.realm],
  revoke: (k) => (k.system ? ['Grant of ', k.model, ' to ', k.realm, ' ran out'] : ['Revoked ', k.model, ' from ', k.realm]),
  'model.create': (k) => ['Registered model ', k.model],
  'model.update': (k) => ['Edited model ', k.model, ...(k.text('status') === 'inactive' ? [', which is inactive'] : [])],
  'model.delete': (k) => ['Removed model ', k.model],
  'deployment.create': (k) => ['Added a deployment to ', k.model],
  'deployment.update': (k) => ['Edited a deployment of ', k.model],
  'deployment.delete': (k) => ['Removed a deployment of ', k.model],
  'credential.create': (k) => [`Stored credential ${k.text('credential') ?? ''}`],
  'credential.update': (k) => [`Replaced the key of credential ${k.text('credential') ?? ''}`],
  'credential.delete': (k) => [`Removed credential ${k.text('credential') ?? ''}`],
  'realm.create': (k) => ['Made realm ', k.realm],
  'realm.update': (k) => ['Edited realm ', k.realm],
  'realm.delete': (k) => ['Removed realm ', k.realm],
  'agent.enroll': (k) => ['Agent ', k.agent, k.text('status') === 'pending' ? ' enrolled and waits for approval' : ' enrolled'],
  'agent.approve': (k) => ['Approved agent ', k.agent],
  'agent.revoke': (k) => ['Revoked agent ', k.agent],
  'agent.delete': (k) => ['Removed agent ', k.agent],
  'agent.join': (k) => ['Added agent ', k.agent, ' to ', k.realm, ...(k.is('primary') ? [', its primary realm'] : [])],
  'agent.leave': (k) => ['Took agent ', k.agent, ' out of ', k.realm],
  mode: (k) => ['Set agent ', k.agent, ` to config mode ${k.text('mode') ?? 'env'}`],
  retry: (k) => ['Offered agent ', k.agent, ' the document that it refused'],
  rotate: (k) => [
    k.is('atOnce') ? 'Rotated the key of ' : 'Rotated, with overlap, the key of ',
    ...(k.text('agent') ? ['agent ', k.agent, ' in '] : []), k.realm, ...(k.is('atOnce') ? [' at once'] : []), ...(k.system ? [', since it was too old'] : []),
  ],
  'key.delete': (k) => [`Ended key generation ${k.text('generation') ?? ''} of `, k.realm],
  'key.close': (k) => [`Blocked key generation ${k.text('generation') ?? ''} of `, k.realm, ', which was replaced'],
  'key.retire': (k) => [`Deleted key generation ${k.text('generation') ?? ''} of `, k.realm, ', which every proxy refuses'],
  freeze: (k) => ['Froze ', ...frozen(k)],
  unfreeze: (k) => ['Let ', ...frozen(k), ' go on'],
  'proxy.create': (k) => ['Added proxy ', k.proxy],
  'proxy.update': (k) => ['Edited proxy ', k.proxy, ...(k.is('masterKeyChanged') ? [', with a new master key'] : [])],
  'proxy.delete': (k) => [k.is('force') ? 'Forgot proxy ' : 'Began to remove proxy ', k.proxy],
  'proxy.removed': (k) => [`Proxy ${k.text('name') ?? ''} is removed: nothing of ours is left on it`],
  'proxy.adopt': (k) => [k.text('model') ? 'Took over a deployment of ' : 'Took over a key into ', k.text('model') ? k.model : k.realm, ' from proxy ', k.proxy],
  'proxy.trust': (k) => ['Proxy ', k.proxy, ' refuses what it must: it may be used'],
  'proxy.withhold': (k) => ['Proxy ', k.proxy, ' does not refuse what it must: nobody may use it'],
  'proxy.avoid': (k) => ['Agents are sent away from proxy ', k.proxy],
  'proxy.return': (k) => ['Agents may use proxy ', k.proxy, ' again'],
  'proxy.applied': (k) => [`${OBJECTS[k.text('kind') ?? ''] ?? 'Something'} ${k.is('present') ? 'is now as wanted on' : 'is now gone from'} `, k.proxy],
  'observe.end': () => ['Ended observe mode: the registry is the truth again'],
};

/** Without an entry: `agent.enroll` is "agent enroll", with the names that are there. */
function fallback(change: Said): Part[] {
  const summary: Record<string, unknown> = change.summary;
  const named = ['model', 'realm', 'agent', 'proxy', 'credential', 'name'].map((key) => summary[key]).filter((v) => typeof v === 'string');
  const words = change.kind.replaceAll(/[.-]/g, ' ');
  return [`${words.charAt(0).toUpperCase()}${words.slice(1)}${named.length ? `: ${named.join(', ')}` : ''}`];
}

const parts = (change: Said, names: Names) => SENTENCES[change.kind]?.(known(change, names)) ?? fallback(change);

export const sentence = (change: Said, names: Names = {}) =>
  parts(change, names).map((part) => (typeof part === 'string' ? part : part.name)).join('');

/** `plain`: without links, such as inside of one. */
export function Sentence({ change, names = {}, plain }: { change: Said; names?: Names; plain?: boolean }) {
  return (
    <Text span inherit style={{ overflowWrap: 'anywhere' }}>
      {parts(change, names).map((part, n) => {
        if (typeof part === 'string') return <Fragment key={n}>{part}</Fragment>;
        const name = part.realmId ? <RealmName id={part.realmId} /> : part.name;
        if (plain || !part.to) return <Text key={n} span inherit fw={600}>{name}</Text>;
        return <Anchor key={n} component={Link} to={part.to} inherit fw={600} c="inherit" underline="hover">{name}</Anchor>;
      })}
    </Text>
  );
}

/** The realm may be gone, or not be the reader's: then it stays unnamed. */
function RealmName({ id }: { id: string }) {
  const can = useCan();
  const realm = useQuery({ ...realmQuery(id), enabled: can('realms:read', id), retry: false }).data;
  return <>{realm?.slug ?? 'a realm'}</>;
}

/** Kinds to filter by, as people say them. */
export const KINDS: { value: string; label: string }[] = [
  ['grant', 'Grants'], ['revoke', 'Revocations'], ['rotate', 'Key rotations'], ['freeze', 'Freezes'], ['unfreeze', 'Ends of freezes'],
  ['agent.enroll', 'Agents enrolled'], ['agent.approve', 'Agents approved'], ['agent.join', 'Agents added to realms'], ['agent.leave', 'Agents taken out of realms'],
  ['agent.revoke', 'Agents revoked'], ['mode', 'Config modes set'], ['model.create', 'Models registered'], ['model.update', 'Models edited'],
  ['model.delete', 'Models removed'], ['deployment.create', 'Deployments added'], ['deployment.update', 'Deployments edited'],
  ['credential.update', 'Credentials replaced'], ['realm.create', 'Realms made'], ['realm.update', 'Realms edited'], ['realm.delete', 'Realms removed'],
  ['proxy.create', 'Proxies added'], ['proxy.update', 'Proxies edited'], ['proxy.avoid', 'Proxies avoided'], ['proxy.applied', 'Steps on proxies'],
].map(([value = '', label = '']) => ({ value, label }));

const ICONS: [string, Icon][] = [
  ['grant', IconCircleCheck], ['revoke', IconShieldX], ['proxy.trust', IconShieldCheck], ['freeze', IconSnowflake], ['unfreeze', IconSnowflake],
  ['rotate', IconKey], ['key.', IconKey], ['credential.', IconKey], ['model.', IconBox], ['deployment.', IconStack2], ['realm.', IconUsersGroup],
  ['agent.', IconRobot], ['mode', IconRobot], ['retry', IconRobot], ['proxy.', IconServer], ['observe.', IconEye],
];
export const iconOf = (kind: string): Icon => ICONS.find(([prefix]) => kind.startsWith(prefix))?.[1] ?? IconArrowsShuffle;
