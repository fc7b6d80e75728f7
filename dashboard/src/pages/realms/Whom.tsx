// Whom something stops, in words: how many agents of the realm, which, and how many are connected now.

import { useQuery } from '@tanstack/react-query';
import { useCan } from '../../api/me';
import type { SyncedRealmView } from '../../api/schema';
import { MEMBERS_READ, membersQuery } from './queries';

const NAMED = 5;

export function Whom({ realm }: { realm: Pick<SyncedRealmView, 'id' | 'name' | 'members'> }) {
  const can = useCan();
  const members = useQuery({ ...membersQuery(realm.id), enabled: realm.members > 0 && can('agents:read', realm.id) }).data;
  if (realm.members === 0) return <>No agent is in {realm.name}, so nobody is stopped now.</>;
  const count = realm.members === 1 ? 'The one agent' : `All ${realm.members.toLocaleString('en')} agents`;
  const connected = members?.filter((a) => a.connection.connected).length;
  const more = realm.members - Math.min(NAMED, realm.members);
  const live = connected === undefined ? '' : `, ${connected === MEMBERS_READ ? 'at least ' : ''}${connected} of them connected now`;
  return (
    <>
      {count} of {realm.name}{realm.members === 1 ? (connected === undefined ? '' : connected ? ', connected now' : ', not connected now') : live}
      {members && members.length > 0 && <>: <b>{members.slice(0, NAMED).map((a) => a.name).join(', ')}</b>{more > 0 && <> and {more} more</>}</>}.
    </>
  );
}
