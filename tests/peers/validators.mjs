// Holds request bodies against the validators of one release: node validators.mjs RELEASE REQUESTS.json
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const [release, file] = process.argv.slice(2);
const props = `typings-${release}/dist/v1/integrations`;
const bundle = await build({
  stdin: {
    contents: `
      export { isIntegrationsCreateProps as create } from '${props}/IntegrationsCreateProps';
      export { isIntegrationsUpdateProps as update } from '${props}/IntegrationsUpdateProps';
      export { isIntegrationsRemoveProps as remove } from '${props}/IntegrationsRemoveProps';`,
    resolveDir: fileURLToPath(new URL('.', import.meta.url)),
  },
  bundle: true,
  format: 'esm',
  logLevel: 'error',
  platform: 'node',
  write: false,
});
const source = Buffer.from(bundle.outputFiles[0].text).toString('base64');
const validators = await import(`data:text/javascript;base64,${source}`);

const counts = { create: 0, update: 0, remove: 0 };
let refused = 0;
for (const { method, path, body } of JSON.parse(readFileSync(file, 'utf8')).requests) {
  const verb = path.split('integrations.')[1];
  if (method === 'GET' || !(verb in counts)) continue;
  counts[verb] += 1;
  // Some releases coerce in place: what was sent must not need it.
  const sent = JSON.stringify(body);
  const taken = validators[verb](body);
  if (!taken || JSON.stringify(body) !== sent) {
    refused += 1;
    console.error(`${release}: ${verb} is refused: ${JSON.stringify(validators[verb].errors)}\n  ${sent}`);
  }
}
console.log(`validators ${release}: ${counts.create} creates, ${counts.update} updates, ${counts.remove} removals`);
if (refused > 0 || counts.create === 0 || counts.update === 0 || counts.remove === 0) process.exit(1);
