// outgoing
const esc = s => s.replace(/[&<>]/g, c => ({'&': '&amp;', '<': '&lt;', '>': '&gt;'}[c]))
class Script { static prepare() {} prepare_outgoing_request = ({request: {data}}) => ({ url: 'http://x?' + Object.entries(data).map(([k, v]) => `${k}=${esc(v)}`).join`&`, method: 'GET' }) }