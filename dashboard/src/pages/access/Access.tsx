// /access: who and what may do something here. A tab for each kind, offered to whom may read it.

import { Tabs } from '@mantine/core';
import { useCan } from '../../api/me';
import { Page } from '../../components/Page';
import { useUrl } from '../../components/url';
import { CiRules } from './CiRules';
import { IdentityProviders } from './IdentityProviders';
import { People } from './People';
import { RolesTab } from './RolesTab';
import { Tokens } from './Tokens';

const TABS = [
  { value: 'people', label: 'People', needs: 'people:read', Body: People },
  { value: 'tokens', label: 'API tokens', needs: 'tokens:read', Body: Tokens },
  { value: 'ci-rules', label: 'CI rules', needs: 'access:read', Body: CiRules },
  { value: 'identity-providers', label: 'Identity providers', needs: 'access:read', Body: IdentityProviders },
  { value: 'roles', label: 'Roles', needs: undefined, Body: RolesTab },
];

export function Access() {
  const can = useCan();
  const [url, setUrl] = useUrl();
  const tabs = TABS.filter(({ needs }) => !needs || can(needs, 'any'));
  const chosen = tabs.find((t) => t.value === url.tab)?.value ?? tabs[0]?.value ?? null;
  // What one list was searched and sorted by means nothing in another.
  const go = (tab: string | null) => setUrl({ tab: tab ?? undefined, q: undefined, sort: undefined, cursor: undefined, state: undefined }, true);
  return (
    <Page title="Access" lead="Who signs in, which tokens and CI jobs call the API, and what each of them may do.">
      <Tabs value={chosen} onChange={go} keepMounted={false}>
        <Tabs.List mb="md" style={{ flexWrap: 'nowrap', overflowX: 'auto', overflowY: 'hidden' }}>
          {tabs.map(({ value, label }) => <Tabs.Tab key={value} value={value} style={{ flex: 'none' }}>{label}</Tabs.Tab>)}
        </Tabs.List>
        {tabs.map(({ value, Body }) => <Tabs.Panel key={value} value={value}><Body /></Tabs.Panel>)}
      </Tabs>
    </Page>
  );
}
