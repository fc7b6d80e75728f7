// Removing a credential: refused while models call with it, and then it says which.

import { Anchor, Button, Group, List, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { api, ask, ifMatch } from '../../api/client';
import type { CredentialView, SyncedModelView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { Dialog } from '../../components/Dialog';
import { useDone } from '../../components/useDone';
import { count } from '../models/naming';

interface Props {
  credential: CredentialView;
  /** Models that call with it; `undefined`: not readable. */
  users?: SyncedModelView[];
  onClose: () => void;
}

export function DeleteCredential({ credential, users, onClose }: Props) {
  const done = useDone();
  if (users && users.length > 0) {
    return (
      <Dialog opened onClose={onClose} title={`${credential.name} is in use`}>
        <Stack>
          <Text size="sm">{count(users.length, 'model calls', 'models call')} with it. Give {users.length === 1 ? 'it' : 'them'} another credential first, in the deployments:</Text>
          <List size="sm" spacing={6}>
            {users.map((m) => <List.Item key={m.id}><Anchor component={Link} to={`/models/${m.id}`} inherit>{m.name}</Anchor></List.Item>)}
          </List>
          <Group justify="flex-end"><Button variant="default" onClick={onClose} data-autofocus>Close</Button></Group>
        </Stack>
      </Dialog>
    );
  }
  return (
    <Confirm
      opened onClose={onClose} title={`Delete ${credential.name}`} action="Delete"
      run={async () => {
        const params = { path: { id: credential.id }, header: ifMatch(credential.version) };
        done(`Deleted ${credential.name}`, await ask(api.DELETE('/api/credentials/{id}', { params })), 'credentials');
      }}
    >
      {users ? 'No model calls with it.' : 'Which models call with it is not known here; while one does, it is not deleted.'} Reeve forgets the key {credential.fingerprint}; at the provider it stays valid until you end it there.
    </Confirm>
  );
}
