// Builds the console into dist/, which the binary embeds; every text file also compressed, so that the binary only copies.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
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

export default defineConfig({
  plugins: [react(), compressedBeside()],
  build: { target: 'es2022', assetsInlineLimit: 0, reportCompressedSize: false },
  // `npm run dev` beside a running `reeve serve`.
  server: { proxy: { '/api': process.env.REEVE_URL ?? 'http://127.0.0.1:8080' } },
});
