// outgoing
class Script {
  token = null
  process_outgoing_response = async ({ response }) => {
    const rows = await Promise.all(response.content.map(async (_) => (await fetch(_.url)).json()))
    return { content: { text: rows.map((row) => row.name).join() } }
  }
}
