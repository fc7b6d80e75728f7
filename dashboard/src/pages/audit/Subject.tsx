// What a row is about, as the way to its page where there is one.

import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { shortDid } from '../../components/Copy';

const PAGES: Record<string, string> = { model: '/models', realm: '/realms', agent: '/agents', proxy: '/proxies' };

export function Subject({ subject }: { subject: string }) {
  const [area = '', id = ''] = subject.split('/');
  // Ids of one day begin alike: their ends tell them apart.
  const shown = id.startsWith('did:') ? `${area} ${shortDid(id)}` : subject.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{8}([0-9a-f]{4})/g, '…$2');
  const page = PAGES[area];
  if (!page || !id) return <Text size="sm" title={subject} style={{ overflowWrap: 'anywhere' }}>{shown}</Text>;
  return <Anchor component={Link} to={`${page}/${id}`} size="sm" title={subject} style={{ overflowWrap: 'anywhere' }}>{shown}</Anchor>;
}
