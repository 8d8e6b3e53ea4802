// node validate.mjs BUNDLE: {name: definition} on standard input, {name: [complaint]} on standard output.
import { readFileSync } from 'node:fs';
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('', { url: 'http://127.0.0.1/', runScripts: 'outside-only', pretendToBeVisual: true });
// What the framework touches of a browser while it is loaded, and jsdom does not have. Nothing is drawn.
Object.assign(window, { TextDecoder, TextEncoder, structuredClone });
window.matchMedia = () => ({ matches: false, addEventListener() {}, addListener() {} });
window.URL.createObjectURL = () => '';
window.HTMLCanvasElement.prototype.getContext = () => null;
window.eval(readFileSync(process.argv[2], 'utf8'));

const definitions = Object.entries(JSON.parse(readFileSync(0, 'utf8')));
const complaints = definitions.map(([name, definition]) => [name, window.complaints(definition)]);
process.stdout.write(JSON.stringify(Object.fromEntries(complaints)), () => process.exit());
