// incoming: error script-class 2:7
class GrafanaAlerts {
  process_incoming_request() {}
}
