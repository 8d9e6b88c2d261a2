// What anywidget does in JupyterLab, for the site: hand each explorer its model and the place of its still picture.
window.courseExplorers = { kinds: {}, states: {} };

document.addEventListener("DOMContentLoaded", () => {
  for (const el of document.querySelectorAll(".course-explorer")) {
    const { kind, values, bytes } = courseExplorers.states[el.dataset.page][el.dataset.number];
    courseExplorers.kinds[kind].render({ model: storedModel(values, bytes), el }); // `storedModel` is written before this text
  }
});
