import hooks from 'eslint-plugin-react-hooks';
import ts from 'typescript-eslint';

export default ts.config(
  { ignores: ['dist', 'src/api/schema.d.ts'] },
  ...ts.configs.strict,
  hooks.configs.flat.recommended,
  {
    rules: {
      // Secrets and pages are rendered as text; nothing is ever put into the page as HTML.
      'no-restricted-syntax': ['error', { selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]', message: 'render text' }],
      'no-console': 'error',
    },
  },
);
