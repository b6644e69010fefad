// incoming vm2
const round = _.partial(Math.round, _);
class Script {
  process_incoming_request({ request }) {
    const answer = HTTP('GET', 'https://example.org', {});
    return { content: { text: moment().format('L') + _.pluck(answer.content, 'x') + round(1) } };
  }
}
