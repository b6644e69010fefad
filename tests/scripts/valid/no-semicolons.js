// incoming
const list = [1, 2]
const f = x => x * 2
let a = f(1)
  , b = 2
const g = function () { return a }
list.forEach((_) => { b += _ })
const c = a
  ? b
  : `x`
class Script
{
  process_incoming_request ({ request })
  {
    if (request.content.ok)
      return { content: { text: c + g() } }
    else return { error: { success: false, message: `no ${c}` } }
  }
}
