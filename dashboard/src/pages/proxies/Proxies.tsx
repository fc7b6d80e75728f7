import { Page } from '../../components/Page';

export function Proxies() {
  return <Page title="Proxies">…</Page>;
}
