// outgoing
const started = Date.now();
console.info('loaded', started);
Store.set('runs', (Store.get('runs') || 0) + 1);
class Script {
  async process_outgoing_response({ response }) {
    Store.set('last', response.content);
    const r = await fetch(global.address ?? 'https://example.org');
    return { content: { text: s.trim(await r.text()), n: Store.get('runs'), v: typeof ivm } };
  }
}
