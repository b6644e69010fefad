// incoming
class Script {
  process_incoming_request({ request }) {
    const t = request.content.text;
    if (/[/"'`]/.test(t)) return /\/\*[^*]*\*\//g.exec(t) ? {} : undefined;
    const half = t.length / 2 / 1, rest = (half) / 2; // a / b
    const named = t.match(/(?<year>\d{4})-(?<m>\d\d)/u)?.groups;
    const odd = [1, 2].map(x => /}/.test(x) ? 1 : 2)[0] / 2;
    while (0) /{HTTP/.test(t);
    return { content: { text: `${named?.year} ${rest} ${odd} ${t.replace(/\$\{(\w+)\}/g, '$1').split(/[\]/]/)}` } };
  }
}
