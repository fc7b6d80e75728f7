// The link with which somebody sets a password, shown once.

import { Text } from '@mantine/core';
import type { InvitedPerson } from '../../api/schema';
import { ShownOnce } from '../../components/ShownOnce';
import { exactTime } from '../../components/Time';

export function LinkShown({ invited, onClose }: { invited?: InvitedPerson; onClose: () => void }) {
  return (
    <ShownOnce secret={invited?.link} title={`Link for ${invited?.name ?? ''}`} onClose={onClose}>
      {invited && (
        <Text size="sm">
          Give it to {invited.email} over a way that others do not read. It counts once, until {exactTime(invited.linkExpiresAt)}. If it is lost, make a new
          one: that ends this one.
        </Text>
      )}
    </ShownOnce>
  );
}
