// incoming
const getLevel = (s) => ({ ok: '#0f0', alerting: '#f00' }[s] ?? '#888');
class Script { process_incoming_request({ request: { content = {}, headers: { 'x-a': a } = {} } }) { if (!content?.title) return; return { content: { text: `*${content.title}* ${getLevel(content.state)}` } }; } }
