
(function () {
  const instance = new Script();
  const methods = [];
  if (typeof instance.prepare_outgoing_request === 'function') methods[methods.length] = 'prepare_outgoing_request';
  if (typeof instance.process_outgoing_response === 'function') methods[methods.length] = 'process_outgoing_response';
  if (typeof instance.process_incoming_request === 'function') methods[methods.length] = 'process_incoming_request';
  return { instance, methods };
})();
