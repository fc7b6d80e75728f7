// Taking a model away from a realm: who loses it, and what happens until it is proven.

import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import type { SyncedGrantView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { Loaded } from '../../components/Page';
import { useDone } from '../../components/useDone';
import { realmQuery } from '../realms/queries';
import { Whom } from '../realms/Whom';
import { GRANT_TOPICS } from './topics';

export function RevokeGrant({ grant, onClose }: { grant: SyncedGrantView; onClose: () => void }) {
  const done = useDone();
  const query = useQuery(realmQuery(grant.realmId));
  const { litellmModelName: model, realmSlug } = grant;
  const run = async () => {
    const path = { id: grant.modelId, realmId: grant.realmId };
    done(`Revoking ${model} from ${realmSlug}`, await ask(api.DELETE('/api/models/{id}/realms/{realmId}', { params: { path } })), ...GRANT_TOPICS);
  };
  return (
    <Confirm opened onClose={onClose} title={`Revoke ${model} from ${realmSlug}`} action="Revoke" run={run}>
      <Loaded query={query}>
        {(realm) => (
          <Stack gap="sm">
            <Text size="sm" component="div">
              <Whom realm={realm} /> {realm.members > 0 && <>{realm.members === 1 ? 'It loses' : 'They lose'} <b>{model}</b> at once, unless another realm of theirs has it.</>}
            </Text>
            {realm.grants === 1 && <Text size="sm">It is the realm’s last grant: nothing is left that its agents may call.</Text>}
            {grant.modelId === realm.defaultModelId && <Text size="sm">It is the realm’s default model: agents for which no model was chosen get nothing until there is another.</Text>}
            <Text size="sm" c="dimmed">
              The grant is shown as revoking until every proxy was asked with the old key and refused; one that cannot be reached is asked when it answers. The
              model can be granted again at any time.
            </Text>
          </Stack>
        )}
      </Loaded>
    </Confirm>
  );
}
