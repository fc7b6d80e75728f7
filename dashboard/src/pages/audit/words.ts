// What the record's own words mean: actions, how somebody was known, and kinds of things, as people say them.

/** Every action, by what it is about; in the order of the filter. */
const GROUPS: [group: string, actions: [action: string, words: string][]][] = [
  ['Refused', [['refused', 'Refused a request'], ['session.refused', 'Refused a sign-in']]],
  ['Signing in', [
    ['session.open', 'Signed in'], ['session.end', 'Ended a session'], ['session.end-others', 'Ended all other sessions'], ['person.password', 'Set a password'], ['workload.exchange', 'Exchanged a CI job’s token'],
    ['sign-in-link.create', 'Made the link for the first owner'],
  ]],
  ['Access', [
    ['person.create', 'Invited a person'], ['person.update', 'Edited a person'], ['person.invite', 'Made a new link for a person'], ['person.end-sessions', 'Ended a person’s sessions'],
    ['person.delete', 'Removed a person'], ['token.create', 'Made an API token'], ['token.rotate', 'Rotated an API token'], ['token.revoke', 'Revoked an API token'],
    ['workload-rule.create', 'Made a CI rule'], ['workload-rule.delete', 'Removed a CI rule'], ['identity-provider.create', 'Added an identity provider'],
    ['identity-provider.update', 'Edited an identity provider'], ['identity-provider.delete', 'Removed an identity provider'], ['settings.update', 'Edited the settings'],
    ['audit.expire', 'Removed old audit rows'],
  ]],
  ['Models', [
    ['grant', 'Granted a model'], ['revoke', 'Revoked a grant'], ['model.create', 'Registered a model'], ['model.update', 'Edited a model'], ['model.delete', 'Removed a model'],
    ['model.test', 'Tested a connection'], ['deployment.create', 'Added a deployment'], ['deployment.update', 'Edited a deployment'], ['deployment.delete', 'Removed a deployment'],
    ['credential.create', 'Stored a credential'], ['credential.update', 'Replaced a credential’s key'], ['credential.delete', 'Removed a credential'],
  ]],
  ['Realms and keys', [
    ['realm.create', 'Made a realm'], ['realm.update', 'Edited a realm'], ['realm.delete', 'Removed a realm'], ['rotate', 'Rotated a virtual key'], ['key.delete', 'Ended a virtual key'],
    ['key.close', 'Blocked a replaced key'], ['key.retire', 'Deleted a replaced key'], ['freeze', 'Froze'], ['unfreeze', 'Let something frozen go on'],
  ]],
  ['Agents', [
    ['agent.enroll', 'Enrolled an agent'], ['agent.approve', 'Approved an agent'], ['agent.revoke', 'Revoked an agent'], ['agent.delete', 'Removed an agent'],
    ['agent.join', 'Added an agent to a realm'], ['agent.leave', 'Took an agent out of a realm'], ['mode', 'Set an agent’s config mode'], ['retry', 'Offered a refused document again'],
    ['enrollment-token.create', 'Made an enrolment token'], ['enrollment-token.revoke', 'Revoked an enrolment token'],
  ]],
  ['Fleet', [
    ['proxy.create', 'Added a proxy'], ['proxy.update', 'Edited a proxy'], ['proxy.delete', 'Began to remove a proxy'], ['proxy.removed', 'Removed a proxy'], ['proxy.adopt', 'Took over from a proxy'],
    ['proxy.check', 'Checked a proxy'], ['proxy.prune', 'Pruned a proxy'], ['observe.end', 'Ended observe mode'],
  ]],
];

const WORDS = new Map(GROUPS.flatMap(([, actions]) => actions));

export const actionWords = (action: string) => WORDS.get(action) ?? action;
export const ACTION_CHOICES = GROUPS.map(([group, actions]) => ({ group, items: actions.map(([value, label]) => ({ value, label })) }));
export const isRefusal = (action: string) => action === 'refused' || action === 'session.refused';

/** `session:<id>`: "a session", with the id apart. */
export function authWords(auth?: string | null): { words: string; id?: string } {
  if (!auth) return { words: 'An old row, which does not say' };
  const [kind = '', ...rest] = auth.split(':');
  const id = rest.join(':') || undefined;
  switch (kind) {
    case 'bootstrap-token': return { words: 'Bootstrap token' };
    case 'session': return { words: 'Session', id };
    case 'token': return { words: 'API token', id };
    case 'workload': return { words: 'CI rule', id };
    case 'password': return { words: 'Password' };
    case 'sign-in-link': return { words: 'Link for a password' };
    case 'oidc': return { words: `Identity provider ${id ?? ''}`.trim() };
    case 'agent-key': return { words: 'The agent’s own key' };
    case 'system': return { words: 'Reeve itself' };
    case 'none': return { words: 'Not known' };
    default: return { words: auth };
  }
}
