// Who may do what to an agent: an agent of several realms is changed only by who may in all of them.

import { useCan } from '../../api/me';
import type { AgentView } from '../../api/schema';

export function useMay(): (permission: string, agent: AgentView) => boolean {
  const can = useCan();
  return (permission, agent) =>
    can(permission) || (agent.realms.length > 0 && agent.realms.every((realm) => can(permission, realm.id)));
}
