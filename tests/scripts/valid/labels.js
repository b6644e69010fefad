// incoming
class Script {
  process_incoming_request({ request }) {
    _: for (const row of request.content.rows) {
      HTTP: { if (row) break HTTP; }
      for (const cell of row) { if (cell === 1) continue _; if (cell === 2) break _; }
    }
    switch (request.content.kind) { case 'a': { return {}; } default: { return { content: { text: 'x' } }; } }
  }
}
