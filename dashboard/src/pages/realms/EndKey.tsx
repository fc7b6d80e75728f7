// Ending a key before its time: an adopted one, or one that was replaced and still works.

import { api, ask } from '../../api/client';
import type { SyncedRealmView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { useDone } from '../../components/useDone';
import type { HeldKey } from './queries';

interface Props {
  realm: SyncedRealmView;
  /** `undefined`: closed. */
  keyView?: HeldKey;
  /** Of the agent that it belongs to. */
  name?: string;
  onClose: () => void;
}

export function EndKey({ realm, keyView, name, onClose }: Props) {
  const done = useDone();
  const run = async () => {
    if (!keyView) return;
    const answer = await ask(api.DELETE('/api/realms/{id}/keys/{keyId}', { params: { path: { id: realm.id, keyId: keyView.id } } }));
    done(`Blocked key generation ${keyView.generation}`, answer, 'realms', 'changes', 'overview');
  };
  const using = keyView?.agents ?? 0;
  const agents = using === 1 ? '1 agent still runs it' : `${using} agents still run it`;
  return (
    <Confirm opened={keyView !== undefined} onClose={onClose} title={`End key generation ${keyView?.generation ?? ''}`} action="End it now" run={run}>
      {keyView?.state === 'adopted'
        ? 'It was taken over from a proxy: whoever holds it can call nothing from now on, and Reeve cannot tell who that is.'
        : using === 0
          ? 'It was replaced, and no agent is known to run it still.'
          : `It was replaced, but ${agents}${name ? ` (${name})` : ''}: calls fail until ${using === 1 ? 'it has' : 'they have'} the next one.`}{' '}
      It is blocked on every proxy now, and forgotten when each was proven to refuse it. This cannot be undone.
    </Confirm>
  );
}
