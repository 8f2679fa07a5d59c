// Before anything is painted: the colours chosen on an earlier visit; and the modules of the view that
// the address names are asked for together with those that every view needs.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's choice holds.
}
const views = document.getElementById("views");
const view = location.hash.slice(1).split(/[/?]/)[0] || "draw";
for (const name of (views && JSON.parse(views.textContent)[view]) || []) {
  document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href: `/static/${name}` }));
}
