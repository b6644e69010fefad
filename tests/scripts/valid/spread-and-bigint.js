// incoming
const LIMIT = 10n ** 18n;
class Script {
  process_incoming_request({ request, ...rest }) {
    const [first, , third = 3, ...others] = [...(request.content.list ?? [])];
    return { content: { ...request.content, text: `${Math.max(...others, third)} ${first} ${LIMIT} ${1_000.5e-3} ${0xFFn} ${Object.keys({ ...rest })}` } };
  }
}
