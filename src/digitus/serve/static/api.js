// Talking to the server: requests, what its answers hold, and events.

import { known, words } from "./words.js";

const TURNS = 60; // times that a busy server is asked, at most

/** What went wrong, in the reader's language where its code is known, else in the server's words. */
export const told = ({ error, code, values }) => (known(`refused.${code}`) ? words(`refused.${code}`, values) : error);

/** A refusal or failure. */
export class Refused extends Error {
  constructor(answer, status, wait) {
    super(told(answer));
    this.status = status;
    this.wait = wait; // seconds after which a busy server wants to be asked again
  }
}

/** The JSON answer of GET, or of POST where there is a body. Bytes go as they are. */
export async function ask(path, body, options) {
  const response = await answered(path, body, options);
  return response.json().catch(() => ({})); // some answers have no body
}

/** The same for an answer that is a file. */
export const file = async (path, body, options) => (await answered(path, body, options)).blob();

async function answered(path, body, { method = body === undefined ? "GET" : "POST", headers = {}, signal } = {}) {
  const raw = body instanceof Uint8Array || body instanceof Blob;
  const options = { method, signal, headers: { ...headers } };
  if (body !== undefined) {
    options.body = raw ? body : JSON.stringify(body);
    options.headers["Content-Type"] = raw ? "application/octet-stream" : "application/json";
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused({ error: words("server.silent") }, 0);
  }
  if (!response.ok) {
    const answer = await response.json().catch(() => ({}));
    const wait = Number(response.headers.get("Retry-After")) || undefined;
    throw new Refused({ error: words("server.answered", { status: response.status }), ...answer }, response.status, wait);
  }
  return response;
}

/** Asks, and asks again while the server is busy and the answer is `wanted`, but not for ever. */
export async function patient(question, wanted = () => true) {
  for (let turn = 1; ; turn++) {
    try {
      return await question();
    } catch (error) {
      if (!error.wait || turn >= TURNS || !wanted()) throw error;
      await new Promise((again) => setTimeout(again, 1000 * error.wait));
    }
  }
}

/** Base64 as bytes. */
export function bytes(base64) {
  const text = atob(base64);
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

/** Base64 of little-endian float32 as numbers. */
export const floats = (base64) => new Float32Array(bytes(base64).buffer);

/** Asks only for the newest: while one request is on its way, later ones wait, and only the last of
 * them is sent. So an answer is never older than one round trip, however fast the pen moves. */
export function latest(work) {
  let running = false;
  let next = null;
  return async function request(...args) {
    next = args;
    if (running) return;
    running = true;
    try {
      while (next) {
        const now = next;
        next = null;
        await work(...now);
      }
    } finally {
      running = false;
    }
  };
}
