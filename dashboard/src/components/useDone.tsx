// What every write does after it: says that it is done, with the way to its receipt, and has the pages ask again.

import { Anchor } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconCheck } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';

/** The part of an answer that names its revision. */
interface Written {
  sync?: { revision?: number | null } | null;
}

/** `const done = useDone(); done('Granted', answer, 'models', 'realms')`: `topics` are first words of query keys. */
export function useDone() {
  const client = useQueryClient();
  const router = useRouter();
  return (text: string, answer?: Written | null, ...topics: string[]) => {
    for (const topic of topics) void client.invalidateQueries({ queryKey: [topic] });
    const revision = answer?.sync?.revision;
    const href = `/changes/${revision}`;
    notifications.show({
      color: 'teal',
      icon: <IconCheck size={16} aria-hidden />,
      title: text,
      message: revision ? (
        <Anchor size="sm" href={href} onClick={(event) => { event.preventDefault(); void router.navigate({ to: href }); }}>
          Change {revision}: see it arrive
        </Anchor>
      ) : null,
    });
  };
}
