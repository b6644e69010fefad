// incoming: error script-syntax 4:43

class Script {
    process_incoming_request({ request }) => {
        return { content: { text: request.content.text } };
    }
}
