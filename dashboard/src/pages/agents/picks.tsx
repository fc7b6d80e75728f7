// Drop-downs of realms, agents and models, as the agents' pages need them.

import type { SelectProps } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import { shortDid } from '../../components/Copy';
import { Pick } from '../../components/Pick';
import { modelQuery } from '../models/queries';
import { realmQuery } from '../realms/queries';
import { agentQuery, listRealms } from './queries';

type Rest = Omit<SelectProps, 'data' | 'value' | 'onChange' | 'searchValue' | 'onSearchChange' | 'filter'>;
interface Props extends Rest {
  value: string | null;
  onChange: (value: string | null) => void;
}

/** By slug, which is good in a URL. */
export function RealmPick({ value, ...rest }: Props) {
  const known = useQuery({ ...realmQuery(value ?? ''), enabled: Boolean(value) }).data;
  return (
    <Pick
      {...rest}
      value={value}
      queryKey={['realms']}
      known={value && known ? { value, label: known.name, detail: known.slug } : undefined}
      load={async (wanted) => {
        const page = await listRealms(wanted);
        return { ...page, items: page.items.map((r) => ({ value: r.slug, label: r.name, detail: r.slug })) };
      }}
    />
  );
}

/** By DID. */
export function AgentPick({ value, ...rest }: Props) {
  const known = useQuery({ ...agentQuery(value ?? ''), enabled: Boolean(value) }).data;
  return (
    <Pick
      {...rest}
      value={value}
      queryKey={['agents']}
      known={value && known ? { value, label: known.name, detail: shortDid(known.did) } : undefined}
      load={async (wanted) => {
        const page = await ask(api.GET('/api/agents', { params: { query: wanted } }));
        const where = (realms: { slug: string }[]) => realms.map((r) => r.slug).join(', ') || 'no realm';
        return { ...page, items: page.items.map((a) => ({ value: a.did, label: a.name, detail: `${shortDid(a.did)} · ${where(a.realms)}` })) };
      }}
    />
  );
}

/** By `litellmModelName`; an id in `value` is understood, too. */
export function ModelPick({ value, ...rest }: Props) {
  const known = useQuery({ ...modelQuery(value ?? ''), enabled: Boolean(value) }).data;
  return (
    <Pick
      {...rest}
      value={value}
      queryKey={['models']}
      known={value && known ? { value, label: known.name, detail: known.litellmModelName } : undefined}
      load={async (wanted) => {
        const page = await ask(api.GET('/api/models', { params: { query: wanted } }));
        return { ...page, items: page.items.map((m) => ({ value: m.litellmModelName, label: m.name, detail: m.litellmModelName })) };
      }}
    />
  );
}
