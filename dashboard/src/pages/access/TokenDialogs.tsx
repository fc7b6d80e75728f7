// Giving a token a new text, with time for its holders to take it; and ending a token.

import { Select, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, ask } from '../../api/client';
import type { ApiTokenView, ShownApiToken } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { FormDialog } from '../../components/FormDialog';
import { Time } from '../../components/Time';
import { useDone } from '../../components/useDone';

const OVERLAPS = [
  { value: '0', label: 'Now: it has leaked, or nothing uses it' },
  { value: '3600', label: 'In an hour' },
  { value: '86400', label: 'In a day' },
  { value: '604800', label: 'In a week' },
];

interface Props {
  token: ApiTokenView;
  onClose: () => void;
}

export function RotateToken({ token, onClose, onMade }: Props & { onMade: (token: ShownApiToken) => void }) {
  const done = useDone();
  const form = useForm({ initialValues: { overlapSeconds: '86400' } });
  return (
    <FormDialog
      opened onClose={onClose} title={`Rotate ${token.name}`} form={form} action="Rotate"
      save={async ({ overlapSeconds }) => {
        const seconds = Number(overlapSeconds);
        const params = { path: { id: token.id } };
        onMade(await ask(api.POST('/api/tokens/{id}/rotate', { params, body: seconds > 0 ? { overlapSeconds: seconds } : {} })));
        done(`Rotated ${token.name}`, undefined, 'access', 'audit');
      }}
    >
      <Text size="sm">It gets a new text, shown once. Name, permissions and end stay.</Text>
      <Select label="The present text ends" allowDeselect={false} data={OVERLAPS} data-autofocus {...form.getInputProps('overlapSeconds')} />
      <LastUse token={token} />
      {form.values.overlapSeconds === '0' && <Text size="sm" role="status">Whoever sends the present text is refused at once.</Text>}
    </FormDialog>
  );
}

export function RevokeToken({ token, onClose }: Props) {
  const done = useDone();
  return (
    <Confirm
      opened onClose={onClose} title={`Revoke ${token.name}?`} action="Revoke"
      run={async () => {
        await ask(api.DELETE('/api/tokens/{id}', { params: { path: { id: token.id } } }));
        done(`Revoked ${token.name}`, undefined, 'access', 'audit');
      }}
    >
      <Stack gap="xs">
        <Text size="sm">Whoever sends it is refused at once. This cannot be undone; its name is free again.</Text>
        <LastUse token={token} />
      </Stack>
    </Confirm>
  );
}

function LastUse({ token }: { token: ApiTokenView }) {
  if (!token.lastUsedAt) return <Text size="sm">Nothing has used it so far.</Text>;
  return <Text size="sm">Last used <Time at={token.lastUsedAt} />{token.lastUsedAddress && ` from ${token.lastUsedAddress}`}.</Text>;
}
