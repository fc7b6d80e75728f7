// Builds the console into dist/, which the binary embeds; every text file also compressed, so that the binary only copies.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

function compressedBeside(): Plugin {
  const walk = (dir: string): string[] =>
    readdirSync(dir).flatMap((name) => {
      const path = join(dir, name);
      return statSync(path).isDirectory() ? walk(path) : [path];
    });
  return {
    name: 'compressed-beside',
    apply: 'build',
    writeBundle({ dir }) {
      // index.html is not among them: the binary writes a nonce into it for each answer.
      for (const path of walk(dir ?? 'dist').filter((path) => /\.(js|css|svg)$/.test(path))) {
        const text = readFileSync(path);
        writeFileSync(`${path}.br`, brotliCompressSync(text));
        writeFileSync(`${path}.gz`, gzipSync(text, { level: 9 }));
      }
    },
  };
}

/** Mantine's styles are named one by one in src/mantine.css: those of what is used, no more and no fewer. They come before all of ours. */
function mantineStyles(): Plugin {
  const exists = (name: string) => existsSync(`node_modules/@mantine/core/styles/${name}.css`);
  return {
    name: 'mantine-styles',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html) {
        const [link] = /<link rel="stylesheet"[^>]*\/mantine-[^>]*>/.exec(html) ?? [''];
        return html.replace(link, '').replace('<link rel="stylesheet"', `${link}$&`);
      },
    },
    generateBundle(_, bundle) {
      const named = [...readFileSync('src/mantine.css', 'utf8').matchAll(/styles\/([A-Z]\w+)\.css/g)].map(([, name]) => name ?? '');
      const modules = Object.values(bundle).flatMap((part) => (part.type === 'chunk' ? Object.keys(part.modules) : []));
      const used = modules.flatMap((id) => /@mantine\/core\/.*\/(\w+)\.module\.mjs$/.exec(id)?.[1] ?? []).filter(exists);
      const missing = used.filter((name) => !named.includes(name));
      const spare = named.filter((name) => !used.includes(name));
      if (missing.length + spare.length > 0) this.error(`src/mantine.css lacks [${missing.join(', ')}] and does not need [${spare.join(', ')}]`);
    },
  };
}

export default defineConfig({
  plugins: [react(), compressedBeside(), mantineStyles()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // Of its own, so that it can be put first.
            { name: 'mantine', test: /src\/mantine\.css$/, priority: 1 },
            // What most pages share comes in one file: of its own, each would be a request.
            { name: 'shared', minShareCount: 11 },
          ],
        },
      },
    },
  },
  // `npm run dev` beside a running `reeve serve`.
  server: { proxy: { '/api': process.env.REEVE_URL ?? 'http://127.0.0.1:8080' } },
});
