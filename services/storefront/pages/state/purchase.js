// A purchase: the order, then its payment. Each step and its key are kept in this browser until the
// shop's answer is final, so that a reload goes on where it was and nothing is bought twice.

import { ApiError } from "/shared/api.js";
import { amountOf } from "/shared/format.js";
import { createStore, useStore } from "/shared/state.js";
import { useRef } from "/vendor/preact/standalone.module.js";
import { announce } from "./announce.js";
import { call } from "./call.js";
import { cart, loadCart } from "./cart.js";
import { randomId } from "./random-id.js";
import { session } from "./session.js";
import { loadItem, onStorageChange, saveItem } from "./storage.js";
import { onTabMessage, tellOtherTabs, withTabLock } from "./tabs.js";

const REPEAT_MILLISECONDS = 1000;

/** The step under way, or null: `{stage: "order" | "pay", key, body, units, waiting}`. */
export const purchase = createStore(loadItem("purchase"));

/** How the last one ended: `{order_id, paid}` or `{order_id, stage, error}`; null before. */
export const outcome = createStore(null);

onTabMessage("purchase", (other) => outcome.set(outcomeFromTab(other)));
onStorageChange("purchase", (other) => purchase.set(other));

/** How the last one ended; a success from before the view was opened is no news to it. */
export function useOutcome() {
  const before = useRef(outcome.value);
  const now = useStore(outcome);
  return now?.paid && now === before.current ? null : now;
}

/** Orders what is in the cart, at `total` (in the smallest unit) and no more, and pays it. */
export function buyCart(total, currency) {
  return startStep({
    stage: "order",
    // No total is nothing that could be expected: the till says why it takes no such order.
    body: {
      user_id: session.value.user_id,
      expected_total: amountOf(total, currency) || undefined,
    },
    units: unitsIn(cart.value),
  });
}

/** Pays an order that was placed before. */
export function payOrder(order) {
  return startStep(payStep(order));
}

/** Goes on with what was under way, if anything was. */
export function resumePurchase() {
  if (purchase.value) withTabLock("purchase", runSteps);
}

function startStep(step) {
  if (purchase.value) return;
  outcome.set(null);
  saveStep({ ...step, key: randomId() });
  resumePurchase();
}

function payStep(order) {
  return { stage: "pay", body: { order_id: order.order_id, amount: order.total_amount } };
}

async function runSteps() {
  let step = loadItem("purchase"); // another tab may have gone on with it
  purchase.set(step);
  while (step !== null) {
    try {
      step = await (step.stage === "order" ? placeOrder(step) : makePayment(step));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      endPurchase({
        stage: step.stage,
        order_id: step.body.order_id ?? error.problem.order_id,
        error,
      });
      step = null;
    }
    saveStep(step);
    loadCart();
  }
}

async function placeOrder(step) {
  let answer;
  try {
    answer = await call("POST", "/orders", { body: step.body, key: step.key });
  } catch (error) {
    if (error.code !== "order_pending") throw await seenFromCart(error, step);
    // Nothing was ordered, and the refusal is kept under the key: the next try needs another.
    return saveAndWait({ ...step, key: randomId(), waiting: "order_pending" });
  }
  const order = answer.data;
  if (answer.status === 202) return saveAndWait({ ...step, waiting: "shelf" });
  tellOtherTabs("orders");
  if (order.status === "PAID") return endAsPaid(order.order_id);
  const expected = order.total_amount === step.body.expected_total;
  if (order.status !== "CREATED" || !expected) {
    throw new ApiError(409, { code: "ordered_before", order_id: order.order_id });
  }
  return { ...payStep(order), key: randomId() };
}

/**
 * The refusal of an order as it looks to who saw the cart: what was in it may be gone, and another
 * total comes of another price, or of what was put in or taken out on another device.
 */
async function seenFromCart(error, { units }) {
  const { status, code, problem } = error;
  if (code === "product_not_found") return new ApiError(status, { ...problem, code: "cart_gone" });
  if (code !== "price_changed") return error;
  if (units === undefined) return error; // the step is one that an older page began
  await loadCart().catch(() => {}); // of which the call itself tells
  if (unitsIn(cart.value) === units) return error;
  return new ApiError(status, { ...problem, code: "cart_changed" });
}

/** What is in a cart and how much of it, as text that can be compared. */
function unitsIn({ items }) {
  return items.map((item) => `${item.quantity} of ${item.product_id}`).join();
}

async function makePayment(step) {
  try {
    const { status } = await call("POST", "/pay", { body: step.body, key: step.key });
    if (status === 202) return saveAndWait({ ...step, waiting: "till" });
  } catch (error) {
    if (error.code !== "already_paid") throw error;
  }
  return endAsPaid(step.body.order_id);
}

async function saveAndWait(step) {
  saveStep(step);
  await new Promise((resolve) => setTimeout(resolve, REPEAT_MILLISECONDS));
  return step;
}

function endAsPaid(orderId) {
  endPurchase({ order_id: orderId, paid: true });
  announce("Your order is paid.");
  return null;
}

function saveStep(step) {
  saveItem("purchase", step);
  purchase.set(step);
}

function endPurchase(result) {
  outcome.set(result);
  const { error, ...rest } = result;
  tellOtherTabs(
    "purchase",
    error ? { ...rest, status: error.status, problem: error.problem } : rest,
  );
  tellOtherTabs("orders");
}

function outcomeFromTab({ status, problem, ...rest }) {
  return problem ? { ...rest, error: new ApiError(status, problem) } : rest;
}
