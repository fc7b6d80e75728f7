import { Page } from '../../components/Page';

export function Explain() {
  return <Page title="Explain">…</Page>;
}
