// The CI systems that are known by name: what a rule for them says, and how their jobs get a token by it.

import type { WorkloadRuleView } from '../../api/schema';

export interface CiSystem {
  value: 'github' | 'gitlab' | 'other';
  label: string;
  issuer: string;
  /** What a rule begins with; an empty value is to be filled in. */
  claims: [name: string, value: string][];
  /** What else can be asked for. */
  known: string[];
  examples: Record<string, string>;
}

const GITHUB: CiSystem = {
  value: 'github',
  label: 'GitHub Actions',
  issuer: 'https://token.actions.githubusercontent.com',
  claims: [['repository', ''], ['ref', 'refs/heads/main']],
  known: ['repository', 'repository_owner', 'ref', 'environment', 'workflow_ref', 'job_workflow_ref', 'event_name', 'actor', 'sub'],
  examples: { repository: 'acme/app', repository_owner: 'acme', ref: 'refs/heads/main', environment: 'prod', workflow_ref: 'acme/app/.github/workflows/deploy.yml@*', event_name: 'push' },
};
const GITLAB: CiSystem = {
  value: 'gitlab',
  label: 'GitLab',
  issuer: 'https://gitlab.com',
  claims: [['project_path', ''], ['ref_protected', 'true']],
  known: ['project_path', 'namespace_path', 'ref', 'ref_type', 'ref_protected', 'environment', 'pipeline_source', 'user_login', 'sub'],
  examples: { project_path: 'acme/app', namespace_path: 'acme', ref: 'main', ref_type: 'branch', ref_protected: 'true', environment: 'prod', pipeline_source: 'push' },
};
const OTHER: CiSystem = { value: 'other', label: 'Another', issuer: '', claims: [['sub', '']], known: ['sub'], examples: {} };

export const CI_SYSTEMS = [GITHUB, GITLAB, OTHER];

export function systemOf(issuer: string): CiSystem {
  if (issuer === GITHUB.issuer) return GITHUB;
  return issuer === GITLAB.issuer || /^https:\/\/gitlab\./.test(issuer) ? GITLAB : OTHER;
}

/** How long a token counts. */
export const lifetimeText = (seconds: number) => (seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`);

/** What goes into the CI file, so that the steps after it call Reeve. */
export function snippet(rule: Pick<WorkloadRuleView, 'name' | 'issuer' | 'audience' | 'claims'>, origin: string): string {
  const text = (value: string) => JSON.stringify(value);
  const exchange = `reeve workload exchange --rule ${rule.name}`;
  const environment = rule.claims.environment;
  // With a `*` it is for several: which one, the job says.
  const place = environment && !environment.endsWith('*') ? [`    environment: ${text(environment)}`] : [];
  switch (systemOf(rule.issuer).value) {
    case 'github':
      return [
        'permissions:',
        '  contents: read',
        '  id-token: write',
        'jobs:',
        '  deploy:',
        '    runs-on: ubuntu-latest',
        ...place,
        '    env:',
        `      REEVE_URL: ${text(origin)}`,
        '    steps:',
        '      - name: Get a token of Reeve',
        '        run: |',
        '          ID_TOKEN=$(curl -sSf -H "authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\',
        `            "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=${encodeURIComponent(rule.audience)}" | jq -r .value)`,
        '          export ID_TOKEN',
        `          REEVE_TOKEN=$(${exchange} --id-token-env ID_TOKEN)`,
        '          echo "::add-mask::$REEVE_TOKEN"',
        '          echo "REEVE_TOKEN=$REEVE_TOKEN" >> "$GITHUB_ENV"',
        '      - run: reeve whoami',
      ].join('\n');
    case 'gitlab':
      return [
        'deploy:',
        ...place.map((line) => line.slice(2)),
        '  id_tokens:',
        '    ID_TOKEN:',
        `      aud: ${text(rule.audience)}`,
        '  variables:',
        `    REEVE_URL: ${text(origin)}`,
        '  script:',
        `    - REEVE_TOKEN=$(${exchange} --id-token-env ID_TOKEN)`,
        '    - export REEVE_TOKEN',
        '    - reeve whoami',
      ].join('\n');
    case 'other':
      return [
        `# The job's own token, for the audience ${rule.audience}, is in the file id-token.`,
        `export REEVE_URL=${text(origin)}`,
        `REEVE_TOKEN=$(${exchange} --id-token-file id-token)`,
        'export REEVE_TOKEN',
        'reeve whoami',
      ].join('\n');
  }
}
