// incoming
const msg = text => ({ content: { text, attachments: [{ color: '#FF0000', fields: [{ title: 'A', value: `b${1 + `${2}`}` }] }] } });
class Script { process_incoming_request = async function* ({ request }) { yield msg('x'); } }