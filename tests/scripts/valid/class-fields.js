// incoming
class Script {
  static VERSION = 3;
  count = 0;
  'quoted field' = 1;
  [`computed${1}`] = 2;
  process_incoming_request = ({ request }) => {
    this.count++;
    return { content: { text: `${this.count}: ${request.content.text}` } };
  };
}
