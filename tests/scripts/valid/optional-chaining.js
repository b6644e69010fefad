// incoming
class Script {
  process_incoming_request({ request }) {
    const name = request?.content?.commits?.[0]?.author?.name ?? 'nobody';
    const x = name?.length ? .5 : 1;
    request.content.seen ||= x; request.content.n ??= 0; request.content.ok &&= true;
    return { content: { text: request.content.format?.(name) ?? name } };
  }
}
