// What anywidget does in JupyterLab, for a page: hand each explorer its state and an element.
const states = JSON.parse(document.getElementById("states").textContent);
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

document.querySelectorAll("main > section").forEach((el, i) => {
  const values = { facts: states[i].facts };
  for (const [name, text] of Object.entries(states[i].bytes)) values[name] = bytes(text);
  const model = {
    get: (name) => values[name],
    set: (name, value) => (values[name] = value),
    on() {},
    off() {},
    save_changes() {},
  };
  kinds[states[i].kind].render({ model, el }); // `kinds` is written before this text
});
