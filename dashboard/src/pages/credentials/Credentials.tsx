import { Page } from '../../components/Page';

export function Credentials() {
  return <Page title="Credentials">…</Page>;
}
