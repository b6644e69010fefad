// What a server puts in front of a script: its `Store`. Behind the script it calls `new Script()`.
(() => {
  const kept = {};
  return { set: (key, value) => (kept[key] = value), get: (key) => kept[key] };
})()
