// What pages do beyond what they do without a script.
const root = document.documentElement;
root.classList.add("js");

// Buttons that copy.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not copied";
  }
  setTimeout(() => (button.textContent = "Copy"), 1500);
});

// Lists are filtered as soon as something is chosen.
document.addEventListener("change", (event) => {
  if (event.target.matches("form[data-auto] select")) event.target.form.requestSubmit();
});

// Two snapshots are compared, no more: of three, the one that was ticked first isn't any longer.
for (const form of document.querySelectorAll("form[data-compare]")) {
  const ticked = [];
  const button = form.querySelector("button");
  const hint = form.querySelector("[data-compare-hint]");
  const show = () => {
    button.disabled = ticked.length !== 2;
    hint.textContent = ["Tick two of them first.", "Tick another one.", ""][ticked.length];
  };
  for (const box of form.querySelectorAll("input[type=checkbox]")) {
    if (box.checked) ticked.push(box);
  }
  form.addEventListener("change", ({ target: box }) => {
    if (box.checked) ticked.push(box);
    else ticked.splice(ticked.indexOf(box), 1);
    while (ticked.length > 2) ticked.shift().checked = false;
    show();
  });
  show();
}

// One menu at a time; they close with Escape, and when something else is clicked.
const menus = () => document.querySelectorAll("details.menu[open]");
document.addEventListener("click", ({ target }) => {
  for (const menu of menus()) if (!menu.contains(target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  const isTyping = event.target.matches("input, select, textarea");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const search = document.querySelector(".top input[type=search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
  }
});
