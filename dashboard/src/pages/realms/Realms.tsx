import { Page } from '../../components/Page';

export function Realms() {
  return <Page title="Realms">…</Page>;
}
