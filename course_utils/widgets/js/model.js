// What anywidget hands an explorer in JupyterLab, for pages without a kernel: its stored state, which only it changes.

/** Return a model of `values`; `bytes` are further ones, in base64. */
function storedModel(values, bytes) {
  const view = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  const state = { ...values };
  for (const [name, text] of Object.entries(bytes)) state[name] = view(text);
  return { get: (name) => state[name], set: (name, value) => (state[name] = value), on() {}, off() {}, save_changes() {} };
}
