// The theme's choice before the first paint; printing; opening all solutions.
(() => {
  const root = document.documentElement;
  const isDark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  if (!["light", "dark"].includes(root.dataset.theme)) root.dataset.theme = isDark ? "dark" : "light";

  const solutions = () => [...document.querySelectorAll("article details")];
  let before = null; // what printing changes

  // paper can't unfold, and is white
  window.addEventListener("beforeprint", () => {
    before = { theme: root.dataset.theme, closed: solutions().filter((one) => !one.open) };
    before.closed.forEach((one) => (one.open = true));
    root.dataset.theme = "light";
  });
  window.addEventListener("afterprint", () => {
    before?.closed.forEach((one) => (one.open = false));
    if (before) root.dataset.theme = before.theme;
    before = null;
  });

  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("button[data-do]");
    if (button?.dataset.do === "print") window.print();
    if (button?.dataset.do === "unfold") {
      const isOpen = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(isOpen));
      solutions().forEach((one) => (one.open = isOpen));
    }
  });
})();
