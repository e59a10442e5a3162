// Updates the page: each element with data-live and an id is replaced when the server sends another one.
// Everything works without this script.
"use strict";

(() => {
  const main = document.getElementById("main");
  const tool = document.getElementById("live-tool");
  if (!window.EventSource || !document.querySelector("#main [data-live]") || !main || !tool) return;

  // A part in which somebody has the focus, or has selected text, stays as it is.
  const inUse = (part) => {
    if (part.contains(document.activeElement)) return true;
    const selection = document.getSelection();
    return selection && !selection.isCollapsed && selection.containsNode(part, true);
  };

  const update = (page) => {
    const next = new DOMParser().parseFromString(page, "text/html");
    for (const part of document.querySelectorAll("[data-live][id]")) {
      const other = next.getElementById(part.id);
      if (other && other.outerHTML !== part.outerHTML && !inUse(part)) part.replaceWith(document.adoptNode(other));
    }
  };

  let source = null;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "live";
  const show = () => {
    button.textContent = source ? document.body.dataset.pause : document.body.dataset.resume;
    button.classList.toggle("on", source !== null);
  };
  const start = () => {
    source = new EventSource(location.href);
    source.onmessage = (event) => update(event.data);
    show();
  };
  const stop = () => {
    source.close();
    source = null;
    show();
  };
  button.addEventListener("click", () => (source ? stop() : start()));
  window.addEventListener("pagehide", () => source && stop());
  window.addEventListener("pageshow", (event) => event.persisted && !source && start());
  tool.append(button);
  start();
})();
