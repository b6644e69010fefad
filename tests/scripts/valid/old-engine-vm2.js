// incoming vm2: note script-global 5:20; note script-global 6:31; note script-throws 2:15
const round = _.partial(Math.round, _);
class Script {
  process_incoming_request({ request }) {
    const answer = HTTP('GET', 'https://example.org', {});
    return { content: { text: moment().format('L') + _.pluck(answer.content, 'x') + round(1) } };
  }
}
