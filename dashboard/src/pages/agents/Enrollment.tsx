import { Page } from '../../components/Page';

export function Enrollment() {
  return <Page title="Enrollment">…</Page>;
}
