// incoming
class Script {
  process_incoming_request({ request }) {
    const c = request.content;
    const text = `a ${c.items.map((i) => `<${i.url}|${`#${i.id}${i.tags.length ? ` {${i.tags.join('}')}}` : ''}`}>`).join(`\n`)} \${HTTP} $ {HTTP.call()} \``;
    return { content: { text: String.raw`\u{x} ${text}` } };
  }
}
