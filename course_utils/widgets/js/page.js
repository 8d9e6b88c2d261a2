// What anywidget does in JupyterLab, for a page of `widgets.save`: hand each explorer its model and an element.
const states = JSON.parse(document.getElementById("states").textContent);

document.querySelectorAll("main > section").forEach((el, i) => {
  const { kind, facts, bytes } = states[i];
  kinds[kind].render({ model: storedModel({ facts }, bytes), el }); // `kinds` and `storedModel` are written before this text
});
