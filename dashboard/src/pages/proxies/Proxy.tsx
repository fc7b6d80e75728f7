import { Page } from '../../components/Page';

export function Proxy() {
  return <Page title="Proxy">…</Page>;
}
