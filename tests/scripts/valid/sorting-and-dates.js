// incoming
const DAY = 24 * 60 * 60 * 1000;
const pad = (n) => String(n).padStart(2, '0');
const days = Array.from({ length: 7 }, (_, i) => new Date(Date.UTC(2024, 0, 1 + i)).toLocaleDateString('en', { weekday: 'long' }));
const order = new Map(['critical', 'warning', 'info'].map((level, i) => [level, i]));
class Script {
  process_incoming_request({ request }) {
    const alerts = [...request.content.alerts].sort((a, b) => order.get(a.level) - order.get(b.level));
    return { content: { text: `${days[0]} ${pad(1)} ${DAY} ${alerts.length}` } };
  }
}
