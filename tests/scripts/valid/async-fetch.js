// outgoing
class Script {
  async prepare_outgoing_request({ request }) {
    const answer = await fetch('https://api.example.org/token', { method: 'POST', headers: { accept: 'application/json' } });
    const { token } = await answer.json();
    for await (const _ of []) { console.log(_); }
    return { ...request, headers: { ...request.headers, Authorization: `Bearer ${token}` } };
  }
}
