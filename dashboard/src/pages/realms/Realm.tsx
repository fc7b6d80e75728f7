import { Page } from '../../components/Page';

export function Realm() {
  return <Page title="Realm">…</Page>;
}
