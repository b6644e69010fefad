// outgoing: error script-method 3:3
class Script {
  prepareOutgoingRequest({ request }) { return request; }
}
