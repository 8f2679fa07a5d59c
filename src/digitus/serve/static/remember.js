// What this browser keeps for its reader: how far somebody is. Without storage it holds until the page
// is left.

const held = {};

export function remember(name, value) {
  held[name] = value;
  try {
    localStorage.setItem(name, value);
  } catch {
    // It is held.
  }
}

export function remembered(name) {
  try {
    return localStorage.getItem(name) ?? held[name];
  } catch {
    return held[name];
  }
}
