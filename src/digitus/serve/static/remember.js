// What this browser keeps for its reader: how far somebody is, the form on the screen. Without storage it
// holds until the web page is left.

const held = {};

export function remember(name, value) {
  held[name] = value;
  try {
    localStorage.setItem(name, value);
  } catch {
    // `held` has it.
  }
}

export function remembered(name) {
  try {
    return localStorage.getItem(name) ?? held[name];
  } catch {
    return held[name];
  }
}
