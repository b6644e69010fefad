// incoming: error script-syntax 8:1

class Script {
    process_incoming_request({ request }) { return { content: request.content }; }
}

class Script {}
