// incoming
const format = new Intl.NumberFormat('de', { style: 'currency', currency: 'EUR' });
const when = new Intl.DateTimeFormat('de');
class Script {
  process_incoming_request({ request }) {
    return { content: { text: format.format(request.content.amount) + when.format(new Date()) } };
  }
}
