import { build } from 'esbuild';
await build({
    entryPoints: { page: 'page.jsx', schema: 'schema.js' },
    outdir: 'bundle',
    bundle: true,
    minify: true,
    format: 'iife',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    loader: { '.svg': 'dataurl', '.png': 'dataurl' },
    logLevel: 'warning',
});
