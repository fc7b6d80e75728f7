// What a row is about, as the way to its page where there is one.

import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { shortDid } from '../../components/Copy';

const PAGES: Record<string, string> = { model: '/models', realm: '/realms', agent: '/agents', proxy: '/proxies' };

export function Subject({ subject }: { subject: string }) {
  const [area = '', id = ''] = subject.split('/');
  const shown = id.startsWith('did:') ? `${area} ${shortDid(id)}` : subject;
  const page = PAGES[area];
  if (!page || !id) return <Text size="sm" style={{ overflowWrap: 'anywhere' }}>{shown}</Text>;
  return <Anchor component={Link} to={`${page}/${id}`} size="sm" style={{ overflowWrap: 'anywhere' }}>{shown}</Anchor>;
}
