// Taking a model away from a realm: who loses it, and what happens until it is proven.

import { Stack, Text } from '@mantine/core';
import { api, ask } from '../../api/client';
import type { SyncedGrantView, SyncedRealmView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { useDone } from '../../components/useDone';
import { Whom } from './Whom';

interface Props {
  realm: SyncedRealmView;
  /** `undefined`: closed. */
  grant?: SyncedGrantView;
  onClose: () => void;
}

export function RevokeGrant({ realm, grant, onClose }: Props) {
  const done = useDone();
  const run = async () => {
    if (!grant) return;
    const path = { id: grant.modelId, realmId: grant.realmId };
    const answer = await ask(api.DELETE('/api/models/{id}/realms/{realmId}', { params: { path } }));
    done(`Revoking ${grant.litellmModelName} from ${realm.name}`, answer, 'realms', 'models', 'agents', 'changes', 'overview');
  };
  return (
    <Confirm opened={grant !== undefined} onClose={onClose} title={`Revoke ${grant?.litellmModelName ?? ''}`} action="Revoke" run={run}>
      {grant && (
        <Stack gap="sm">
          <Text size="sm" component="div">
            <Whom realm={realm} /> {realm.members > 0 && <>{realm.members === 1 ? 'It loses' : 'They lose'} <b>{grant.litellmModelName}</b> at once.</>}
          </Text>
          {realm.grants === 1 && <Text size="sm">It is the realm’s last grant: nothing is left that its agents may call.</Text>}
          {grant.modelId === realm.defaultModelId && <Text size="sm">It is the realm’s default model: agents for which no model was chosen get nothing until there is another.</Text>}
          <Text size="sm" c="dimmed">
            The grant is shown as revoking until every proxy was asked with the old key and refused; one that cannot be reached is asked when it answers. The
            model can be granted again at any time.
          </Text>
        </Stack>
      )}
    </Confirm>
  );
}
