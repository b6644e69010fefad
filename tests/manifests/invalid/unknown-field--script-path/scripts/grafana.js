// Turns an alert of Grafana into one line with a coloured attachment.
class Script {
  process_incoming_request({ request }) {
    const { title, state, ruleUrl, message } = request.content;
    const color = state === 'ok' ? 'green' : 'red';
    return {
      content: {
        text: `*${title}* is ${state}`,
        attachments: [{ color, title, title_link: ruleUrl, text: message }],
      },
    };
  }
}
