// incoming
const grüße = 'Grüß Gott 🎉', naïve = { ключ: 1, '日本': 2 };
class Script {
  process_incoming_request({ request }) {
    const \u0061lias = naïve.ключ;
    return { content: { text: `${grüße} — ${request.content.name} \u{1F600} ${alias}` } };
  }
}
