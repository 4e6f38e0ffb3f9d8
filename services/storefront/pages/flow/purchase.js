// A purchase: the order, then its payment. Each step and its key are kept in this browser until the
// shop's answer is final, so that a reload goes on where it was and nothing is bought twice.

import { Refusal } from "/shared/api.js";
import { amountOf, cents } from "/shared/format.js";
import { makeState, useValue } from "/shared/state.js";
import { useRef } from "/vendor/preact/standalone.module.js";
import { announce } from "./announce.js";
import { call } from "./call.js";
import { loadCart } from "./cart.js";
import { newKey } from "./keys.js";
import { alone, keep, onOtherTab, recall } from "./memory.js";
import { session } from "./session.js";
import { hearTabs, tellTabs } from "./tabs.js";

const ASK_AGAIN = 1000;

/** The step under way, or null: `{stage: "order" | "pay", key, body, waiting}`. */
export const purchase = makeState(recall("purchase"));

/** How the last one ended: `{order_id, paid}` or `{order_id, stage, error}`; null before. */
export const outcome = makeState(null);

hearTabs("purchase", (other) => outcome.set(revived(other)));
onOtherTab("purchase", (other) => purchase.set(other));

/** How the last one ended; a success from before the view was opened is no news to it. */
export function useOutcome() {
  const before = useRef(outcome.value);
  const now = useValue(outcome);
  return now?.paid && now === before.current ? null : now;
}

/** Orders what is in the cart, at `total` cents and not a cent more, and pays it. */
export function buyCart(total) {
  return begin({
    stage: "order",
    body: { user_id: session.value.user_id, expected_total: amountOf(total) },
  });
}

/** Pays an order that was placed before. */
export function payOrder(order) {
  return begin(payStep(order));
}

/** Goes on with what was under way, if anything was. */
export function carryOn() {
  if (purchase.value) alone("purchase", work);
}

function begin(step) {
  if (purchase.value) return;
  outcome.set(null);
  save({ ...step, key: newKey() });
  carryOn();
}

function payStep(order) {
  return { stage: "pay", body: { order_id: order.order_id, amount: order.total_amount } };
}

async function work() {
  let step = recall("purchase"); // another tab may have gone on with it
  purchase.set(step);
  while (step !== null) {
    try {
      step = await (step.stage === "order" ? placeOrder(step) : makePayment(step));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      end({ stage: step.stage, order_id: step.body.order_id ?? error.problem.order_id, error });
      step = null;
    }
    save(step);
    loadCart();
  }
}

async function placeOrder(step) {
  let answer;
  try {
    answer = await call("POST", "/orders", { body: step.body, key: step.key });
  } catch (error) {
    if (error.code !== "order_pending") throw error;
    // Nothing was ordered, and the refusal is kept under the key: the next try needs another.
    return later({ ...step, key: newKey(), waiting: "order_pending" });
  }
  const order = answer.data;
  if (answer.status === 202) return later({ ...step, waiting: "shelf" });
  tellTabs("orders");
  if (order.status === "PAID") return finish(order.order_id);
  const expected = cents(order.total_amount) === cents(step.body.expected_total);
  if (order.status !== "CREATED" || !expected) {
    throw new Refusal(409, { code: "ordered_before", order_id: order.order_id });
  }
  return { ...payStep(order), key: newKey() };
}

async function makePayment(step) {
  try {
    const { status } = await call("POST", "/pay", { body: step.body, key: step.key });
    if (status === 202) return later({ ...step, waiting: "till" });
  } catch (error) {
    if (error.code !== "already_paid") throw error;
  }
  return finish(step.body.order_id);
}

async function later(step) {
  save(step);
  await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN));
  return step;
}

function finish(orderId) {
  end({ order_id: orderId, paid: true });
  announce("Your order is paid.");
  return null;
}

function save(step) {
  keep("purchase", step);
  purchase.set(step);
}

function end(how) {
  outcome.set(how);
  const { error, ...rest } = how;
  tellTabs("purchase", error ? { ...rest, status: error.status, problem: error.problem } : rest);
  tellTabs("orders");
}

function revived({ status, problem, ...rest }) {
  return problem ? { ...rest, error: new Refusal(status, problem) } : rest;
}
