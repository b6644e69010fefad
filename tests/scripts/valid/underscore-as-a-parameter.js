// incoming
const first = (_, index) => index === 0;
const rest = _ => _ + 1
const { _: renamed, HTTP = 1 } = { _: 2 };
class Script {
  process_incoming_request({ request }, _) {
    const keep = request.content.list.filter((_) => _.ok).map(({ moment, _ }) => [moment, _]);
    try { JSON.parse('{'); } catch (_) { keep.push(_.message); }
    request.content.list.forEach(function (_, n) { keep.push(_ + n); });
    return { content: { text: keep.join(', '), HTTP, moment: request.content.moment, _: keep._, n: first.HTTP } };
  }
}
