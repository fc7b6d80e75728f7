import { Page } from '../../components/Page';

export function Agents() {
  return <Page title="Agents">…</Page>;
}
