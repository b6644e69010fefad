// incoming
const EMOJI = { firing: ':fire:', resolved: ':ok:' };
const label = (state) => EMOJI[state] ?? ':question:';

function field(title, value) {
  return { title, value, short: true };
}

class Script {
  process_incoming_request({ request: { content } }) {
    return { content: { text: label(content.status), attachments: content.alerts.map((a) => ({ fields: Object.entries(a.labels).map(([k, v]) => field(k, v)) })) } };
  }
}

// So that it can be tested outside of Rocket.Chat.
if (typeof module !== 'undefined' && module.exports) {
  module.exports = { Script, field, label };
}
