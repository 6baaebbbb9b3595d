// The orders of `plain.py` as Node and Express serve them: the same document, and other manners where it says nothing.
//
// `node plain.js KEY AFTER` prints its base URL, then serves until it is ended; so many requests later it refuses the
// key. HEAD is served wherever GET is, a slash at the end makes no difference, `%2F` stays in its segment, and what no
// route takes is answered by a page of HTML: 404 for a path and for a method, 400 for a path that can't be decoded,
// before anybody looks at a credential.
"use strict";
const http = require("http");

const [key, after] = process.argv.slice(2);
let number = 0;
const STATES = ["open", "paid", "shipped"];
const SKUS = ["pen", "ink-blue", "paper 80g"];
const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

const orders = new Map();
for (let id = 1; id <= 8; id++) {
  orders.set(id, {
    id,
    sku: SKUS[id % 3],
    quantity: id,
    note: id % 2 ? null : "by hand",
    due_at: id % 3 ? null : "2026-02-01T00:00:00Z",
    state: STATES[id % 3],
    created_at: `2026-01-0${id}T09:30:00.000Z`,
  });
}
let last = orders.size;

class Refusal extends Error {
  constructor(status, detail, headers = {}) {
    super(detail);
    Object.assign(this, { status, body: { detail }, headers });
  }
}

class Invalid extends Error {
  constructor(loc, msg) {
    super(msg);
    Object.assign(this, { status: 422, body: { detail: [{ loc, msg, type: "value_error" }] } });
  }
}

const length = (text) => [...text].length;
const isText = (least, most) => (v) => typeof v === "string" && length(v) >= least && length(v) <= most;
const isWhole = (least, most) => (v) => Number.isInteger(v) && v >= least && v <= most;
const isDate = (v) => typeof v === "string" && DATE_TIME.test(v) && !Number.isNaN(Date.parse(v));
const orNull = (test) => (v) => v === null || test(v);

const NEW = { sku: isText(1, 40), quantity: isWhole(1, 1000), note: orNull(isText(0, 200)), due_at: orNull(isDate) };
const CHANGES = {
  quantity: orNull(isWhole(1, 1000)),
  state: orNull((v) => STATES.includes(v)),
  note: orNull(isText(0, 200)),
};

function members(body, tests) {
  if (body === null || typeof body !== "object" || Array.isArray(body)) throw new Invalid(["body"], "not an object");
  const known = Object.entries(body).filter(([name]) => name in tests);
  for (const [name, value] of known) if (!tests[name](value)) throw new Invalid(["body", name], "not allowed");
  return Object.fromEntries(known);
}

function wanted(body) {
  const found = members(body, NEW);
  if (!("sku" in found)) throw new Invalid(["body", "sku"], "required");
  return { quantity: 1, note: null, due_at: null, ...found };
}

function whole(text, least, most, loc) {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) throw new Invalid(loc, "not a number in its bounds");
  return value;
}

function order(text) {
  const id = whole(text, 1, Infinity, ["path", "order_id"]);
  if (!orders.has(id)) throw new Refusal(404, "Order not found");
  return orders.get(id);
}

function kept(value) {
  orders.set(value.id, value);
  return value;
}

function list({ query, headers }) {
  const state = query.get("state");
  if (state !== null && !STATES.includes(state)) throw new Invalid(["query", "state"], "no state");
  const offset = whole(query.get("offset") ?? "0", 0, Infinity, ["query", "offset"]);
  const limit = whole(query.get("limit") ?? "20", 1, 100, ["query", "limit"]);
  if (length(headers["x-request-id"] ?? "") > 64) throw new Invalid(["header", "x-request-id"], "too long");
  return [...orders.values()].filter((one) => state === null || one.state === state).slice(offset, offset + limit);
}

function product(sku) {
  if (length(sku) > 100) throw new Invalid(["path", "sku"], "too long");
  if (!SKUS.includes(sku)) throw new Refusal(404, "Product not found");
  return { sku, title: sku.toUpperCase(), cents: 199, discontinued: false };
}

const created = (new_) => kept({ ...new_, id: ++last, state: "open", created_at: new Date().toISOString() });
const given = (changes) => Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== null));

const ROUTES = [
  ["GET", /^\/health\/?$/i, () => [200, { status: "ok" }]],
  ["GET", /^\/orders\/?$/i, (call) => [200, list(call)]],
  ["POST", /^\/orders\/?$/i, (call) => [201, created(wanted(call.body()))]],
  ["GET", /^\/orders\/([^/]+)\/?$/i, (call) => [200, order(call.value)]],
  ["PUT", /^\/orders\/([^/]+)\/?$/i, (call) => [200, kept({ ...order(call.value), ...wanted(call.body()) })]],
  ["PATCH", /^\/orders\/([^/]+)\/?$/i, (call) => [200, kept({ ...order(call.value), ...given(members(call.body(), CHANGES)) })]],
  ["DELETE", /^\/orders\/([^/]+)\/?$/i, (call) => [204, void orders.delete(order(call.value).id)]],
  ["GET", /^\/products\/([^/]+)\/?$/i, (call) => [200, product(call.value)]],
];

function checked(headers) {
  const [scheme, token] = (headers.authorization ?? "").split(/ +/);
  if (scheme.toLowerCase() !== "bearer" || token !== key || number > after) {
    throw new Refusal(401, "Invalid token", { "WWW-Authenticate": "Bearer" });
  }
}

// Express's `json()` reads what is called JSON, and leaves `body` undefined for anything else.
function parsed(raw, type = "") {
  if (!/^application\/json *(;|$)/i.test(type)) throw new Invalid(["body"], "no object");
  try {
    return JSON.parse(raw);
  } catch (error) {
    throw new Invalid(["body"], "no JSON");
  }
}

function page(status, text) {
  const safe = text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
  const body = `<!DOCTYPE html>\n<html lang="en">\n<head>\n<title>Error</title>\n</head>\n<body>\n<pre>${safe}</pre>\n</body>\n</html>\n`;
  return [status, body, { "Content-Type": "text/html; charset=utf-8" }];
}

function answer(request, raw) {
  number += 1;
  const [path, query = ""] = request.url.split(/\?(.*)/s);
  const method = request.method === "HEAD" ? "GET" : request.method;
  const route = ROUTES.find(([served, pattern]) => served === method && pattern.test(path));
  if (!route) return page(404, `Cannot ${request.method} ${path}`);
  let value;
  try {
    value = decodeURIComponent(route[1].exec(path)[1] ?? "");
  } catch (error) {
    return page(400, `URIError: Failed to decode param '${path}'`);
  }
  try {
    if (path.toLowerCase().replace(/\/$/, "") !== "/health") checked(request.headers);
    return route[2]({ value, query: new URLSearchParams(query), headers: request.headers, body: () => parsed(raw, request.headers["content-type"]) });
  } catch (error) {
    if (!error.status) throw error;
    return [error.status, error.body, error.headers];
  }
}

const server = http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const [status, body, headers = {}] = answer(request, Buffer.concat(parts).toString());
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const fields = { "Content-Type": "application/json; charset=utf-8", "Content-Length": Buffer.byteLength(text ?? ""), ...headers };
    response.writeHead(status, { "X-Powered-By": "Express", ...(text === undefined ? {} : fields) });
    response.end(text);
  });
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
